"""What the public forms answer when they cannot be taken as they came: the page again, with what was typed."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ranportal.shared.form_guard import Finding, Guard


def keeps_text(view: Any) -> Any:
    """Mark a view that shows its page again, with what was typed, when the browser did not send our cookie."""
    view.keeps_text = True
    return view


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
