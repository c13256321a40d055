"""What the public forms answer when they cannot be taken as they came: the page again, with what was typed."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ranportal.shared.form_guard import Finding, Guard

SomeForm = TypeVar("SomeForm", bound=Form)


def keeps_text(view: Any) -> Any:
    """Mark a view that shows its page again, with what was typed, when the browser did not send our cookie."""
    view.keeps_text = True
    return view


def judged(request: HttpRequest, guard: Guard, form: Callable[..., SomeForm]) -> tuple[SomeForm, Finding | None]:
    """Return the form, and what to make of it; None means that nothing was sent.

    Where it is refused before anybody looks into it, its files are left out: looking at them is work.
    """
    if request.method != "POST":
        return form(), None
    finding = guard.judge_first()
    if finding != Finding.FINE:
        return form(data=request.POST), finding
    sent = form(data=request.POST, files=request.FILES)
    return sent, guard.judge(is_complete=sent.is_valid())


def with_notice(
    request: HttpRequest, template: str, context: dict[str, Any], *, guard: Guard, finding: Finding | None
) -> HttpResponse:
    """Return the page with the form of `context`, stamped; `finding` None means that nothing was sent."""
    form = context["form"]
    notice = None if finding is None else guard.notice(finding, has_files=form.is_multipart())
    status = notice.status if notice else 200 if finding is None else 422
    response = render(request, template, {**context, "stamp": guard.stamp, "notice": notice}, status=status)
    if notice and notice.retry_after:
        response.headers["Retry-After"] = str(notice.retry_after)
    return response
