"""The reviewers' own pages: assigned calls, one application at a time, without identity. Nothing else is reachable."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from events.models import Call
from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations import reports
from registrations.admin.access import staff_page
from registrations.admin.act_forms import NO_CASES, ScoreForm
from registrations.admin.downloads import document
from registrations.countries import country_name
from registrations.enums import Audience, QuestionKind
from registrations.models import Criterion, Registration, Review
from registrations.services import reviewing

_FOLDER = "admin/registrations/review"


class ConflictForm(forms.Form):
    """A word about a conflict of interest; nobody has to explain it."""

    comment = forms.CharField(
        label="Comment",
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=f"You need not explain. {NO_CASES}",
    )


@admin.register(Review)
class ReviewAdmin(admin.ModelAdmin):
    """Only the reviewers' pages: rows of reviews are not listed, added, changed or deleted here."""

    def get_urls(self) -> list[URLPattern]:
        call, one = "calls/<int:call_id>/", "calls/<int:call_id>/<slug:reference>/"
        return [
            path("", self._door(self.overview), name="registrations_review_changelist"),
            path(call, self._door(self.call_page), name="registrations_review_call"),
            path(one, self._door(self.application, "GET", "POST"), name="registrations_review_application"),
            path(f"{one}conflict/", self._door(self.conflict, "POST"), name="registrations_review_conflict"),
            path(f"{one}files/<int:answer_id>/", self._door(self.file), name="registrations_review_file"),
        ]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Review | None = None) -> bool:
        return obj is None and request.user.has_perm("registrations.view_review")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Review | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Review | None = None) -> bool:
        return False

    def overview(self, request: HttpRequest) -> TemplateResponse:
        """The calls that one was assigned to, with how far one has got."""
        context = {"title": "Applications to review", "calls": reports.review_calls(request.user)}
        return staff_page(self, request, f"{_FOLDER}/calls.html", context)

    def call_page(self, request: HttpRequest, call_id: int) -> TemplateResponse:
        """The call's applications by reference, with what one has done about each."""
        call = self._call(request, call_id)
        applications = list(reports.applications_for(call, request.user))
        context = {
            "title": call.event.title,
            "call": call,
            "applications": [(one, country_name(one.country)) for one in applications],
            "next_reference": next((one.reference for one in applications if one.my_review is None), None),
            "done": sum(one.my_review is not None for one in applications),
        }
        return staff_page(self, request, f"{_FOLDER}/call.html", context)

    def application(self, request: HttpRequest, call_id: int, reference: str) -> HttpResponseBase:
        """One application to read and to score; after saving comes the next that waits."""
        call, registration = self._application(request, call_id, reference)
        review = reports.review_by(registration, request.user)
        if request.method == "GET":
            return self._page(request, call, registration, review, self._form(call, registration, review))
        form = self._form(call, registration, review, request.POST)
        if not form.is_valid():
            return self._page(request, call, registration, review, form, status=422)
        try:
            reviewing.score(
                registration=registration,
                reviewer=request.user,
                scores=form.scores(),
                comment=form.cleaned_data["comment"],
                now=clock.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
            return self._page(request, call, registration, review, form, status=409)
        messages.success(request, f"{reference}: your scores are saved.")
        return self._next(request, call, reference)

    def conflict(self, request: HttpRequest, call_id: int, reference: str) -> HttpResponseBase:
        """Declare a conflict of interest: one's scores no longer count and the answers are closed to one."""
        call, registration = self._application(request, call_id, reference)
        form = ConflictForm(request.POST, prefix="conflict", label_suffix="")
        try:
            if form.is_valid():
                reviewing.declare_conflict(
                    registration=registration,
                    reviewer=request.user,
                    comment=form.cleaned_data["comment"],
                    now=clock.now(),
                )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        if form.errors:
            review = reports.review_by(registration, request.user)
            scoring = self._form(call, registration, review)
            return self._page(request, call, registration, review, scoring, conflict=form, status=422)
        messages.success(request, f"{reference}: your conflict of interest is noted. Others read this application.")
        return self._next(request, call, reference)

    def file(self, request: HttpRequest, call_id: int, reference: str, answer_id: int) -> FileResponse:
        """A document that reviewers may read, under a name that says nothing."""
        _, registration = self._application(request, call_id, reference)
        review = reports.review_by(registration, request.user)
        answers = registration.answers.select_related("question").filter(question__audience=Audience.REVIEWERS)
        answer = answers.filter(pk=answer_id).first()
        if answer is None or not answer.file or (review and review.has_conflict):
            raise Http404
        return document(answer, registration)

    def _door(self, page: Callable[..., HttpResponseBase], *methods: str) -> Callable[..., HttpResponseBase]:
        @require_http_methods(methods or ("GET",))
        def door(request: HttpRequest, **parts: Any) -> HttpResponseBase:
            if not self.has_view_permission(request):
                raise PermissionDenied
            return page(request, **parts)

        return self.admin_site.admin_view(door)

    def _call(self, request: HttpRequest, call_id: int) -> Call:
        return get_object_or_404(reports.review_calls(request.user), pk=call_id)

    def _application(self, request: HttpRequest, call_id: int, reference: str) -> tuple[Call, Registration]:
        call = self._call(request, call_id)
        registration = get_object_or_404(reports.applications_for(call, request.user), reference=reference)
        registration.call = call
        return call, registration

    def _next(self, request: HttpRequest, call: Call, reference: str) -> HttpResponseBase:
        following = reports.next_to_review(call, request.user, after=reference)
        if following is None:
            return redirect("admin:registrations_review_call", call.pk)
        return redirect("admin:registrations_review_application", call.pk, following)

    def _form(self, call: Call, registration: Registration, review: Review | None, data: Any = None) -> ScoreForm:
        criteria: list[Criterion] = list(call.criteria.all())
        scores = {score.criterion_id: score.value for score in review.scores.all()} if review else {}
        return ScoreForm(
            data,
            registration=registration,
            criteria=criteria,
            scores=scores,
            initial={"comment": review.comment if review else ""},
        )

    def _page(
        self,
        request: HttpRequest,
        call: Call,
        registration: Registration,
        review: Review | None,
        form: ScoreForm,
        *,
        conflict: ConflictForm | None = None,
        status: int = 200,
    ) -> TemplateResponse:
        has_conflict = review is not None and review.has_conflict
        answers = registration.answers.select_related("question").filter(question__audience=Audience.REVIEWERS)
        context = {
            "title": registration.reference,
            "call": call,
            "registration": registration,
            "country": country_name(registration.country),
            "answers": [] if has_conflict else answers,
            "file_kind": QuestionKind.FILE,
            "has_conflict": has_conflict,
            "review": review,
            "form": form,
            "conflict": conflict or ConflictForm(prefix="conflict", label_suffix=""),
            "others": reports.reviews_beside(registration, request.user) if not has_conflict else [],
            "progress": next((c for c in reports.review_calls(request.user) if c.pk == call.pk), call),
        }
        return staff_page(self, request, f"{_FOLDER}/application.html", context, status=status)
