"""One page per registration: everything to read, and each act as a small form of its own."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations import extras, queries, reports, review_reports
from registrations.admin.access import staff_page
from registrations.admin.act_forms import ActForm
from registrations.admin.acts import BY_NAME, Act, offered
from registrations.admin.review_forms import ScoreForm
from registrations.admin.review_page import seen_by_reviewers
from registrations.models import Criterion, Registration, Score


def show(model_admin: admin.ModelAdmin, request: HttpRequest, registration: Registration) -> TemplateResponse:
    """The page as it stands."""
    return _page(model_admin, request, registration)


def act(model_admin: admin.ModelAdmin, request: HttpRequest, registration: Registration, name: str) -> HttpResponseBase:
    """Do one act and go back to the page; what cannot be done is said there, with what was typed."""
    if name not in BY_NAME:
        raise Http404
    chosen = BY_NAME[name]
    criteria = list(registration.call.criteria.all())
    form = _form(chosen, request, registration, criteria, data=request.POST)
    is_valid = form.is_valid()
    if chosen not in offered(registration, criteria=criteria):
        return _refused(model_admin, request, registration, name, form, words=_no_longer(chosen, registration))
    if not is_valid:
        return _page(model_admin, request, registration, failed={name: form}, status=422)
    try:
        words = chosen.run(registration, form, request.user, clock.now())
    except Refused as refusal:
        return _refused(model_admin, request, registration, name, form, words=str(refusal))
    messages.success(request, f"{registration.reference}: {words}")
    return _back(registration)


def _no_longer(chosen: Act, registration: Registration) -> str:
    if registration.is_erased:
        return "The data of this person were erased. Nothing was changed."
    return (
        f"“{chosen.title}” is not possible any more: this registration is “{registration.get_state_display()}” now. "
        "Nothing was changed."
    )


def _refused(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    registration: Registration,
    name: str,
    form: ActForm,
    *,
    words: str,
) -> TemplateResponse:
    form.add_error(None, words)
    return _page(model_admin, request, registration, failed={name: form}, status=409)


def _back(registration: Registration) -> HttpResponseRedirect:
    return redirect("admin:registrations_registration_change", registration.pk)


def _page(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    registration: Registration,
    *,
    failed: dict[str, ActForm] | None = None,
    status: int = 200,
) -> TemplateResponse:
    registration = reports.registrations_of(request.user).get(pk=registration.pk)
    failed = failed or {}
    criteria = list(registration.call.criteria.all())
    acts = [
        (a, failed.get(a.name) or _form(a, request, registration, criteria))
        for a in _shown(registration, criteria, failed)
    ]
    before, after = reports.neighbours(registration)
    context = {
        "title": registration.reference,
        "registration": registration,
        "call": registration.call,
        "event": registration.call.event,
        "identity": getattr(registration, "identity", None),
        "decision": getattr(registration, "decision", None),
        "acts": acts,
        "failed": set(failed),
        "previous_id": before,
        "next_id": after,
        **_facts(registration),
    }
    return staff_page(model_admin, request, "admin/registrations/registration/page.html", context, status=status)


def _shown(registration: Registration, criteria: list[Criterion], failed: dict[str, ActForm]) -> list[Act]:
    # An act that was refused because it is no longer possible still shows its refusal and what was typed.
    names = {act.name for act in offered(registration, criteria=criteria)} | set(failed)
    return [act for name, act in BY_NAME.items() if name in names]


def _facts(registration: Registration) -> dict[str, Any]:
    scores = Prefetch("scores", queryset=Score.objects.select_related("criterion").order_by("criterion__position"))
    reviews = review_reports.reviews_of(registration).prefetch_related(scores)
    return {
        "position": queries.position_of(registration),
        "answers": seen_by_reviewers(registration),
        "allowed": extras.allowed_by(registration),
        "transitions": registration.transitions.select_related("by"),
        "mails": queries.mails_of(registration),
        "checks": registration.checks.select_related("checked_by"),
        "reviews": reviews.order_by("pk"),
        "tasks": registration.review_tasks.select_related("reviewer").order_by("reviewer__name"),
    }


def _form(
    act: Act,
    request: HttpRequest,
    registration: Registration,
    criteria: list[Criterion],
    *,
    data: Any = None,
) -> ActForm:
    options: dict[str, Any] = {"registration": registration, "prefix": act.name}
    if issubclass(act.form, ScoreForm):
        review = review_reports.review_by(registration, request.user)
        options |= {"criteria": criteria, "review": review}
        options["initial"] = {"comment": review.comment if review else ""}
    return act.form(data, **options)
