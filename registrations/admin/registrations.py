"""The list of registrations and the addresses of all pages about them. Rows are read-only: services do every change."""

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from ranportal.shared.admin import NarrowLookups, PagesToRead
from registrations import policies, reports
from registrations.admin import (
    alarms,
    board,
    by_hand,
    call_pages,
    checks,
    dossiers,
    downloads,
    dropouts,
    keeping,
    pictures,
    proposals,
    registration_page,
    release,
    rules,
    year,
)
from registrations.admin.access import for_administrators, for_call, for_organisers, for_registration, for_release
from registrations.admin.assigning import reviewers, reviews
from registrations.admin.bulk import ACTIONS
from registrations.admin.exporting import exported
from registrations.admin.filters import CallFilter, CountryFilter, DecisionFilter, chosen_call_id
from registrations.countries import country_name
from registrations.models import Registration


@admin.register(Registration)
class RegistrationAdmin(PagesToRead, NarrowLookups):
    """Organisers see the registrations of their own calls; nobody else sees any, whatever else one is."""

    list_display = (
        "reference_link",
        "name",
        "state_shown",
        "check_result",
        "country_shown",
        "profession",
        "role",
        "score_shown",
        "decision_shown",
        "sent",
    )
    list_display_links = None
    list_filter = (CallFilter, "state", "check_result", DecisionFilter, CountryFilter, "profession", "role")
    list_per_page = 50
    list_max_show_all = 1000
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    search_fields = ("reference",)
    ordering = ("pk",)
    actions = ACTIONS
    change_list_template = "admin/registrations/registration/list.html"

    def get_urls(self) -> list[URLPattern]:
        """Every address of this section, each behind its own door; adding, changing and deleting rows have none."""
        return [
            path("", self.admin_site.admin_view(self.changelist_view), name="registrations_registration_changelist"),
            path("calls/", for_organisers(self, call_pages.overview), name="registrations_registration_calls"),
            path("year/<int:year>/", for_administrators(self, year.show), name="registrations_registration_year"),
            path(
                "year/<int:year>/numbers.csv",
                for_administrators(self, year.as_csv),
                name="registrations_registration_year_csv",
            ),
            *self._call_urls("calls/<int:call_id>/"),
            *self._selection_urls("calls/<int:call_id>/"),
            *self._person_urls("<int:registration_id>/"),
        ]

    def _call_urls(self, calls: str) -> list[URLPattern]:
        return [
            path(f"{calls}find/", for_call(self, call_pages.find, "POST"), name="registrations_call_find"),
            path(
                f"{calls}not-answered/", for_call(self, call_pages.not_answered), name="registrations_call_not_answered"
            ),
            path(f"{calls}not-told/", for_call(self, call_pages.not_told), name="registrations_call_not_told"),
            path(
                f"{calls}keeping/",
                for_call(self, keeping.keeping_page, "GET", "POST"),
                name="registrations_call_keeping",
            ),
            path(f"{calls}checks/", for_call(self, checks.show, "GET", "POST"), name="registrations_call_checks"),
            path(
                f"{calls}attendance/",
                for_call(self, call_pages.attendance, "GET", "POST"),
                name="registrations_call_attendance",
            ),
            path(
                f"{calls}register/", for_call(self, by_hand.register, "GET", "POST"), name="registrations_call_register"
            ),
            path(
                f"{calls}export.csv",
                for_call(self, exported(downloads.as_csv), "GET", "POST"),
                name="registrations_call_csv",
            ),
            path(
                f"{calls}export.xlsx",
                for_call(self, exported(downloads.as_xlsx), "GET", "POST"),
                name="registrations_call_xlsx",
            ),
        ]

    def _selection_urls(self, calls: str) -> list[URLPattern]:
        return [
            path(f"{calls}board/", for_call(self, board.show, "GET", "POST"), name="registrations_call_board"),
            path(f"{calls}board/views/", for_call(self, board.views, "POST"), name="registrations_call_board_views"),
            path(
                f"{calls}board/rules/", for_call(self, rules.show, "GET", "POST"), name="registrations_call_board_rules"
            ),
            path(
                f"{calls}board/proposal/",
                for_call(self, proposals.show, "GET", "POST"),
                name="registrations_call_board_proposal",
            ),
            path(
                f"{calls}board/proposal/stage/",
                for_call(self, proposals.stage, "POST"),
                name="registrations_call_board_proposal_stage",
            ),
            path(
                f"{calls}release/", for_release(self, release.release, "GET", "POST"), name="registrations_call_release"
            ),
            path(f"{calls}preview/", for_release(self, release.preview), name="registrations_call_preview"),
            path(f"{calls}pictures/", for_call(self, pictures.show), name="registrations_call_pictures"),
            path(f"{calls}reviews/", for_call(self, reviews, "GET", "POST"), name="registrations_call_reviews"),
            path(f"{calls}reviewers/", for_call(self, reviewers, "GET", "POST"), name="registrations_call_reviewers"),
            path(
                f"{calls}free-places/",
                for_call(self, dropouts.free_places, "GET", "POST"),
                name="registrations_call_free_places",
            ),
        ]

    def _person_urls(self, one: str) -> list[URLPattern]:
        return [
            path(
                f"{one}change/",
                for_registration(self, registration_page.show),
                name="registrations_registration_change",
            ),
            path(
                f"{one}dossier/<slug:copy>/",
                for_registration(self, dossiers.show),
                name="registrations_registration_dossier",
            ),
            path(
                f"{one}dossier/<slug:copy>.json",
                for_registration(self, exported(dossiers.as_json), "GET", "POST"),
                name="registrations_registration_dossier_json",
            ),
            path(
                f"{one}act/<slug:name>/",
                for_registration(self, registration_page.act, "POST"),
                name="registrations_registration_act",
            ),
            path(
                f"{one}alarms/",
                for_registration(self, alarms.show, "GET", "POST"),
                name="registrations_registration_alarms",
            ),
            path(
                f"{one}files/<int:answer_id>/",
                for_registration(self, downloads.answer_file),
                name="registrations_registration_file",
            ),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Registration]:
        return reports.registrations_of(request.user)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        """The list of one call; without a call, first the choice of one."""
        call_id = chosen_call_id(request)
        if call_id is None and not request.GET and self.has_view_permission(request):
            return redirect("admin:registrations_registration_calls")
        call = reports.calls_of(request.user).filter(pk=call_id).first() if call_id else None
        about = {"call": call, "event": call.event, "balance": reports.balance(call)} if call else {"call": None}
        filters = {
            "is_filtered": bool(set(request.GET) - {"call", "p", "o", "q", "all"}),
            "unfiltered": f"?call={call.pk}" if call else "?q=",
        }
        return super().changelist_view(request, {**about, **filters, "title": "Registrations", **(extra_context or {})})

    def has_view_permission(self, request: HttpRequest, obj: Registration | None = None) -> bool:
        if not request.user.has_perm("registrations.view_registration"):
            return False
        return obj is None or reports.calls_of(request.user).filter(pk=obj.call_id).exists()

    @admin.display(description="reference", ordering="reference")
    def reference_link(self, registration: Registration) -> SafeString:
        address = reverse("admin:registrations_registration_change", args=[registration.pk])
        return format_html('<a href="{}">{}</a>', address, registration.reference)

    @admin.display(description="state", ordering="state")
    def state_shown(self, registration: Registration) -> SafeString | str:
        if not registration.is_unreachable:
            return registration.get_state_display()
        return format_html('{}<br><span class="people-warn">mail came back</span>', registration.get_state_display())

    @admin.display(description="name")
    def name(self, registration: Registration) -> str:
        identity = getattr(registration, "identity", None)
        return f"{identity.given_name} {identity.family_name}" if identity else "–"

    @admin.display(description="country", ordering="country")
    def country_shown(self, registration: Registration) -> str:
        return country_name(registration.country)

    @admin.display(description="sent", ordering="sent_at")
    def sent(self, registration: Registration) -> str:
        return date_format(localtime(registration.sent_at), "j M Y, H:i")

    @admin.display(description="score", ordering=F("score").desc(nulls_last=True))
    def score_shown(self, registration: Registration) -> str:
        if registration.score is None:
            return "–"
        return f"{registration.score:.0f} % ({registration.review_count})"

    @admin.display(description="decision", ordering="decision__outcome")
    def decision_shown(self, registration: Registration) -> str:
        decision = getattr(registration, "decision", None)
        if decision is None or not (decision.released_at or policies.may_stage(registration)):
            return "–"
        return f"{'Released' if decision.released_at else 'Staged'}: {decision.get_outcome_display()}"
