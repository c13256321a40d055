"""Every address of the section about registrations, each behind its own door."""

from collections.abc import Callable
from dataclasses import dataclass

from registrations.admin import (
    board,
    by_hand,
    call_pages,
    dossiers,
    downloads,
    dropouts,
    pictures,
    proposals,
    registration_page,
    release,
    rules,
    year,
)
from registrations.admin.access import (
    Page,
    for_administrators,
    for_call,
    for_organisers,
    for_registration,
    for_release,
)
from registrations.admin.assigning import reviewers, reviews

_CALL, _ONE = "calls/<int:call_id>/", "<int:registration_id>/"
_BOTH = ("GET", "POST")


@dataclass(frozen=True)
class Address:
    """Where a page is found, its name (after "registrations_"), and who may pass by which method."""

    way: str
    page: Page
    name: str
    door: Callable[..., Page] = for_call
    methods: tuple[str, ...] = ("GET",)


ADDRESSES = (
    Address("calls/", call_pages.overview, "registration_calls", for_organisers),
    Address("year/<int:year>/", year.show, "registration_year", for_administrators),
    Address("year/<int:year>/numbers.csv", year.as_csv, "registration_year_csv", for_administrators),
    Address(f"{_CALL}find/", call_pages.find, "call_find", methods=("POST",)),
    Address(f"{_CALL}not-answered/", call_pages.not_answered, "call_not_answered"),
    Address(f"{_CALL}not-told/", call_pages.not_told, "call_not_told"),
    Address(f"{_CALL}attendance/", call_pages.attendance, "call_attendance", methods=_BOTH),
    Address(f"{_CALL}register/", by_hand.register, "call_register", methods=_BOTH),
    Address(f"{_CALL}board/", board.show, "call_board", methods=_BOTH),
    Address(f"{_CALL}board/views/", board.views, "call_board_views", methods=("POST",)),
    Address(f"{_CALL}board/rules/", rules.show, "call_board_rules", methods=_BOTH),
    Address(f"{_CALL}board/proposal/", proposals.show, "call_board_proposal", methods=_BOTH),
    Address(f"{_CALL}board/proposal/stage/", proposals.stage, "call_board_proposal_stage", methods=("POST",)),
    Address(f"{_CALL}release/", release.release, "call_release", for_release, _BOTH),
    Address(f"{_CALL}preview/", release.preview, "call_preview", for_release),
    Address(f"{_CALL}reviews/", reviews, "call_reviews", methods=_BOTH),
    Address(f"{_CALL}reviewers/", reviewers, "call_reviewers", methods=_BOTH),
    Address(f"{_CALL}free-places/", dropouts.free_places, "call_free_places", methods=_BOTH),
    Address(f"{_CALL}pictures/", pictures.show, "call_pictures"),
    Address(f"{_CALL}export.csv", downloads.as_csv, "call_csv"),
    Address(f"{_CALL}export.xlsx", downloads.as_xlsx, "call_xlsx"),
    Address(f"{_ONE}change/", registration_page.show, "registration_change", for_registration),
    Address(f"{_ONE}dossier/<slug:copy>/", dossiers.show, "registration_dossier", for_registration),
    Address(f"{_ONE}dossier/<slug:copy>.json", dossiers.as_json, "registration_dossier_json", for_registration),
    Address(f"{_ONE}act/<slug:name>/", registration_page.act, "registration_act", for_registration, ("POST",)),
    Address(f"{_ONE}files/<int:answer_id>/", downloads.answer_file, "registration_file", for_registration),
)
