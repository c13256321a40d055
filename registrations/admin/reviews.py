"""The reviewers' own pages: assigned calls, one application at a time, without identity. Nothing else is reachable."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from events.models import Call
from ranportal.shared import clock
from ranportal.shared.admin import PagesToRead
from ranportal.shared.refusals import Refused
from registrations import review_reports
from registrations.admin import review_page
from registrations.admin.access import staff_page
from registrations.admin.review_forms import ScoreForm
from registrations.admin.review_page import ConflictForm
from registrations.countries import country_name
from registrations.documents import document
from registrations.models import Registration, Review
from registrations.services import reviewing

_FOLDER = "admin/registrations/review"
_PER_PAGE = 100


@admin.register(Review)
class ReviewAdmin(PagesToRead):
    """Only the reviewers' pages: rows of reviews are not listed, added, changed or deleted here."""

    def get_urls(self) -> list[URLPattern]:
        call, one = "calls/<int:call_id>/", "calls/<int:call_id>/<slug:reference>/"
        return [
            path("", self._door(self.overview), name="registrations_review_changelist"),
            path(call, self._door(self.call_page), name="registrations_review_call"),
            path(one, self._door(self.application, "GET", "POST"), name="registrations_review_application"),
            path(f"{one}conflict/", self._door(self.conflict, "POST"), name="registrations_review_conflict"),
            path(f"{one}read/", self._door(self.read_anyway, "POST"), name="registrations_review_read"),
            path(f"{one}files/<int:answer_id>/", self._door(self.file), name="registrations_review_file"),
        ]

    def has_view_permission(self, request: HttpRequest, obj: Review | None = None) -> bool:
        return obj is None and request.user.has_perm("registrations.view_review")

    def overview(self, request: HttpRequest) -> TemplateResponse:
        """The calls that one was assigned to, with how far one has got."""
        context = {"title": "Applications to review", "calls": review_reports.review_calls(request.user)}
        return staff_page(self, request, f"{_FOLDER}/calls.html", context)

    def call_page(self, request: HttpRequest, call_id: int) -> TemplateResponse:
        """The call's applications by reference, with what one has done about each."""
        call = self._call(request, call_id)
        applications = review_reports.applications_for(call, request.user)
        page = Paginator(applications, _PER_PAGE).get_page(request.GET.get("page"))
        context = {
            "title": call.event.title,
            "call": call,
            "page": page,
            "applications": [(one, country_name(one.country)) for one in page],
            "next_reference": review_reports.next_to_review(call, request.user),
        }
        return staff_page(self, request, f"{_FOLDER}/call.html", context)

    def application(self, request: HttpRequest, call_id: int, reference: str) -> HttpResponseBase:
        """One application to read and to score; after saving comes the next that waits."""
        call, registration = self._application(request, call_id, reference)
        review = review_reports.review_by(registration, request.user)
        if self._must_warn(request, registration, review):
            return self._warning(request, call, registration, status=200 if request.method == "GET" else 409)
        if request.method == "GET":
            form = review_page.score_form(call, registration, review)
            return self._page(request, call, registration, review, form)
        form = review_page.score_form(call, registration, review, request.POST)
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
        form = review_page.conflict_form(request.POST)
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
            return self._conflict_again(request, call, registration, form)
        messages.success(request, f"{reference}: your conflict of interest is noted. Others read this application.")
        return self._next(request, call, reference)

    def read_anyway(self, request: HttpRequest, call_id: int, reference: str) -> HttpResponseBase:
        """Open an application in spite of the warning; that one did so is recorded."""
        call, registration = self._application(request, call_id, reference)
        try:
            reviewing.read_anyway(registration=registration, reviewer=request.user, now=clock.now())
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("admin:registrations_review_application", call.pk, reference)

    def file(self, request: HttpRequest, call_id: int, reference: str, answer_id: int) -> FileResponse:
        """A document that reviewers may read, under a name that says nothing."""
        _, registration = self._application(request, call_id, reference)
        review = review_reports.review_by(registration, request.user)
        is_closed = (review and review.has_conflict) or self._must_warn(request, registration, review)
        answer = review_reports.answers_for_reviewers(registration).filter(pk=answer_id).first()
        if answer is None or not answer.file or is_closed:
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
        return get_object_or_404(review_reports.review_calls(request.user), pk=call_id)

    def _application(self, request: HttpRequest, call_id: int, reference: str) -> tuple[Call, Registration]:
        call = self._call(request, call_id)
        registration = get_object_or_404(review_reports.applications_for(call, request.user), reference=reference)
        registration.call = call
        return call, registration

    def _must_warn(self, request: HttpRequest, registration: Registration, review: Review | None) -> bool:
        """Whether nothing is shown before the reviewer has said what to do about a likely conflict of interest."""
        if review is not None or not review_reports.may_know(registration, request.user):
            return False
        return not review_reports.was_warned(registration, request.user)

    def _next(self, request: HttpRequest, call: Call, reference: str) -> HttpResponseBase:
        following = review_reports.next_to_review(call, request.user, after=reference)
        if following is None:
            return redirect("admin:registrations_review_call", call.pk)
        return redirect("admin:registrations_review_application", call.pk, following)

    def _conflict_again(
        self, request: HttpRequest, call: Call, registration: Registration, conflict: ConflictForm
    ) -> TemplateResponse:
        review = review_reports.review_by(registration, request.user)
        if self._must_warn(request, registration, review):
            return self._warning(request, call, registration, conflict=conflict, status=422)
        form = review_page.score_form(call, registration, review)
        return self._page(request, call, registration, review, form, conflict=conflict, status=422)

    def _warning(
        self,
        request: HttpRequest,
        call: Call,
        registration: Registration,
        *,
        conflict: ConflictForm | None = None,
        status: int = 200,
    ) -> TemplateResponse:
        context = {
            "title": registration.reference,
            "call": call,
            "registration": registration,
            "conflict": conflict or review_page.conflict_form(),
            "skip_to": review_reports.next_to_review(call, request.user, after=registration.reference),
        }
        return staff_page(self, request, f"{_FOLDER}/likely_conflict.html", context, status=status)

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
        context = review_page.context_of(call, registration, request.user, review, form)
        context["conflict"] = conflict or review_page.conflict_form()
        return staff_page(self, request, f"{_FOLDER}/application.html", context, status=status)
