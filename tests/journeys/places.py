"""Every page of the portal in the states that it can have: the demo, and what the demo does not show."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Page

from accounts import drafts
from accounts.models import User
from events.models import Announcement, Call, Event, Publication, WorkingGroup
from ranportal.shared import clock
from registrations import vouch_links
from registrations.enums import Extra, Finding, MailKind, QuestionKind, State, VouchAnswer
from registrations.links import token_of
from registrations.models import LibraryQuestion, NotTold, OfferedExtra, OutgoingMail, Reconciliation, Registration
from registrations.services import alarms, certificates, seeding, vouching
from tests.factories import (
    NOW,
    AnswerFactory,
    CallFactory,
    EventFactory,
    OutgoingMailFactory,
    QuestionFactory,
    RegistrationFactory,
)
from tests.journeys.look import Stop

DEMO = Path(__file__).resolve().parents[2] / "demo"
TO_DECIDE = "basics-of-mental-health-second-group"
#: An address about which the data protection officer is asked.
SOUGHT = "sought@example.org"
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


def press(button: str, *, exact: bool = False):
    """Press the button of this name."""

    def pressed(page: Page) -> None:
        page.get_by_role("button", name=button, exact=exact).first.click()

    return pressed


@dataclass(frozen=True)
class World:
    """A portal with the demo, and events in states that the demo lacks."""

    deciding: Call
    asked: Call

    @classmethod
    def made(cls, *, now: datetime) -> "World":
        """Make it."""
        seeding.seed(folder=DEMO, now=now)
        CallFactory(event=EventFactory(slug="sold-out", title=LONG), capacity=0, has_waiting_list=False)
        CallFactory(event=EventFactory(slug="called-off", cancelled=True))
        CallFactory(event=EventFactory(slug="nobody-sees", hidden=True))
        EventFactory(slug="without-call", onsite=True)
        return cls(deciding=Call.objects.get(event__slug=TO_DECIDE), asked=_call_with_every_question())


def _call_with_every_question() -> Call:
    """An open call that asks a question of each kind, and two that hang on answers."""
    call = CallFactory(event=EventFactory(slug="every-question"))
    choices = [["prison", "Prison"], ["youth", f"Youth work {LONG}"]]
    made = {
        kind: QuestionFactory(call=call, key=f"{kind}", kind=kind, is_required=True, help="A word of help.", **more)
        for kind in QuestionKind
        for more in [{"choices": choices} if "choice" in kind else {}]
    }
    for kind, wanted in ((QuestionKind.SINGLE_CHOICE, "prison"), (QuestionKind.YES_NO, "yes")):
        QuestionFactory(
            call=call, key=f"more_{kind}", kind="number", condition_question=made[kind], condition_value=wanted
        )
    return call


def public(world: World) -> list[Stop]:
    """What anybody can open."""
    events = [
        "mental-health-and-pcve",
        "basics-of-mental-health",
        "exit-work-round-table",
        "ran-health-meeting",
        "sold-out",
    ]
    events += ["called-off", "without-call", "basics-of-mental-health-2023", "ran-health-training-2021", TO_DECIDE]
    events.append("basics-of-mental-health-first-group")
    announcement, publication = Announcement.objects.earliest("published_at"), Publication.objects.get()
    return [
        Stop("/"),
        Stop("/events/"),
        Stop("/events/?kind=webinar&working_group=ran-health&language=en&open=1&q=health"),
        Stop("/events/?q=nothing+of+that+name&kind=party"),
        *[Stop(f"/events/{slug}/") for slug in (*events, TO_DECIDE)],
        Stop("/events/nobody-sees/", 404),
        Stop("/announcements/"),
        Stop(announcement.get_absolute_url()),
        Stop("/publications/"),
        Stop(publication.get_absolute_url()),
        Stop("/working-groups/ran-health/"),
        Stop("/working-groups/ran-ye/"),
        Stop("/privacy/"),
        Stop("/accessibility/"),
        Stop("/recognise-our-mails/"),
        Stop("/nowhere/", 404),
        Stop("/admin/login/"),
        Stop("/admin/login/", press=press("Log in")),
        Stop("/accounts/password/reset/"),
        Stop("/accounts/password/reset/done/"),
        Stop("/accounts/password/reset/key/done/"),
        Stop("/accounts/password/reset/key/1-forged/"),
        Stop("/accounts/inactive/"),
        Stop("/accounts/provider/not-possible/", 401),
    ]


def registering(world: World) -> list[Stop]:
    """The form in every state, the page after it, and the ways back to a private page."""
    form = "/events/every-question/register/"
    closed = ["sold-out", "called-off", "ran-health-meeting", "basics-of-mental-health-2023"]
    return [
        Stop(form),
        Stop(form, press=press("Send registration")),
        Stop("/events/basics-of-mental-health/register/"),
        Stop("/events/basics-of-mental-health/register/", press=press("Send application")),
        *[Stop(f"/events/{slug}/register/") for slug in closed],
        Stop(f"{form}sent/"),
        Stop(f"{form}sent/", press=_type_a_wrong_code),
        Stop("/registrations/link/"),
        Stop("/registrations/link/", press=press("Send me my private link")),
        Stop("/registrations/link/sent/"),
        Stop("/registrations/mine/"),
        Stop("/registrations/mine/P-NOBODY/", 404),
        Stop("/registrations/p/1-forged/", 404),
        Stop("/registrations/contact/", 404),
        Stop("/registrations/contact/1-forged/", 404),
        Stop("/registrations/contact/thanks/"),
    ]


def _type_a_wrong_code(page: Page) -> None:
    page.get_by_label("Code from our mail").fill("1234 5678")
    page.get_by_role("button", name="Confirm my address").click()


def personal(world: World) -> list[Stop]:
    """The private page in every state, in an open and a selective call, and what can be changed there."""
    selective = CallFactory(selective=True, event__slug="selective-page")
    QuestionFactory(call=selective, kind="yes_no", label=f"{LONG}?", asked_of="selected", is_required=True)
    in_open_calls = [state for state in State if state != State.SUBMITTED]
    registrations = [_registration(world.asked, state) for state in in_open_calls]
    registrations += [_registration(selective, state) for state in State]
    with_place = next(one for one in registrations if one.call == selective and one.state == State.CONFIRMED)
    with_answers = registrations[in_open_calls.index(State.CONFIRMED)]
    OfferedExtra.objects.bulk_create(OfferedExtra(call=world.asked, extra=extra) for extra in Extra)
    for question in world.asked.questions.filter(kind__in=["short_text", "long_text"]):
        AnswerFactory(registration=with_answers, question=question, value=f"{LONG} <b>bold</b>", text=LONG)
    for number, kind in enumerate(MailKind):
        OutgoingMailFactory(registration=with_answers, kind=kind, sent=number % 2 == 0)
    return [
        *[Stop(f"/registrations/p/{token_of(one.links.get())}/") for one in registrations],
        Stop(mine(with_answers)),
        Stop(f"{mine(with_answers)}answers/"),
        Stop(f"{mine(with_answers)}answers/", press=press("Save changes")),
        *[Stop(f"{mine(with_answers)}{page}/") for page in ("extras", "data", "correct", "erase")],
        Stop(f"{mine(with_answers)}extras/", press=lambda page: page.locator("#send-extra-access").click()),
        Stop(f"{mine(with_answers)}erase/", press=press("Erase my registration")),
        Stop("/registrations/erased/"),
        Stop(f"{mine(with_place)}practical/"),
        Stop(f"{mine(with_place)}practical/", press=press("Save")),
        Stop(f"{mine(with_answers)}contact/"),
        *_asking_who_it_is(),
        Stop(f"{mine(with_place)}call-me/"),
        Stop(f"{mine(with_place)}call-me/", press=press("Call me")),
        Stop(f"{mine(with_answers)}call-me/", press=_ask_to_be_called),
        Stop("/registrations/mine/"),
    ]


def _asking_who_it_is() -> list[Stop]:
    """A person who named two contact points, and the question to one of them."""
    call = CallFactory(selective=True, event__slug="checked", join_link_needs_check=True)
    person = RegistrationFactory(call=call, submitted=True)
    asked, answered = [
        vouching.ask(registration=person, name=LONG, email=f"chief{n}@example.org", now=clock.now()) for n in (1, 2)
    ]
    vouching.answer(vouch=answered, answer=VouchAnswer.KNOWS, now=clock.now())
    return [
        Stop(f"/registrations/p/{token_of(person.links.get())}/"),
        Stop(f"{mine(person)}contact/"),
        Stop(f"{mine(person)}contact/", press=press("Ask this person")),
        Stop(f"/registrations/contact/{vouch_links.token_of(asked)}/"),
    ]


def _ask_to_be_called(page: Page) -> None:
    page.get_by_label("Your telephone number").fill("+371 20 000 000")
    page.get_by_role("button", name="Call me").click()


def _registration(call: Call, state: State) -> Registration:
    details = {State.RESERVE: {"list_position": 3}, State.SELECTED: {"answer_by": NOW + timedelta(days=3)}}
    proven = {"proven_at": None} if state == State.UNPROVEN else {}
    return RegistrationFactory(call=call, state=state, **details.get(state, {}), **proven)


def mine(registration: Registration) -> str:
    """The address of a private page."""
    return reverse("registrations:registration-mine", args=[registration.reference])


# Staff


def _own_account() -> list[Stop]:
    """What everybody of the staff may do about the own account."""
    organiser = User.objects.get(email="organiser@example.org")
    kept = drafts.keep(user=organiser, path="/admin/", fields=[("words", LONG)], now=clock.now())
    factor = "/accounts/second-factor/"
    own = ("", "totp/activate/", "webauthn/", "webauthn/add/", "recovery-codes/generate/")
    return [
        Stop("/admin/password_change/"),
        Stop(f"/accounts/drafts/{kept.pk}/"),
        Stop("/accounts/again/?next=/admin/"),
        Stop("/accounts/password/change/"),
        Stop("/accounts/logout/"),
        *[Stop(f"{factor}{page}") for page in own],
        Stop(f"{factor}totp/activate/", press=press("Add it")),
    ]


_PAGES_OF_CALL = ("board", "board/rules", "board/proposal", "reviews", "reviewers", "preview", "release")
_PAGES_OF_CALL += ("free-places", "not-answered", "not-told", "register", "pictures", "checks", "keeping")


def organising(world: World) -> list[Stop]:
    """The pages of an organiser: people, decisions, mails, the own events and calls."""
    call = world.deciding
    people = "/admin/registrations/registration/"
    calls, event = f"{people}calls/{call.pk}/", f"/admin/events/event/{call.event_id}/"
    ones = [_one(call, state) for state in (State.SUBMITTED, State.UNPROVEN)]
    open_call = Call.objects.get(event__slug="exit-work-round-table")
    ones += [_one(open_call, state) for state in (State.CONFIRMED, State.RESERVE)]
    ones += [RegistrationFactory(call=call, selected=True), RegistrationFactory(call=call, declined=True)]
    # From here on each page of the organisers says so.
    alarms.sound(registration=ones[0], telephone="+371 20 000 000", words=LONG, now=clock.now())
    refused = OutgoingMailFactory(registration=ones[4], kind=MailKind.SELECTED, refused=True)
    _check(call, [refused, None])
    mail = OutgoingMail.objects.filter(call=open_call, kind=MailKind.CONFIRMED).first()
    assert mail is not None
    return [
        *map(Stop, ("/admin/", f"{people}calls/", f"{people}?call={call.pk}&state__exact=submitted&decision=none")),
        Stop(f"{people}?call={call.pk}", press=_stage_two),
        *[Stop(f"{people}{one.pk}/change/") for one in ones],
        Stop(f"{people}{ones[0].pk}/change/", press=_refuse_an_act),
        Stop(f"{people}{ones[0].pk}/alarms/"),
        Stop(f"{calls}checks/", press=press("Save the checks of this page")),
        Stop(f"/admin/registrations/logisticsassignment/calls/{call.pk}/team/"),
        *[Stop(f"{calls}export.{ending}") for ending in ("csv", "xlsx")],
        Stop(f"{calls}export.csv", press=press("Take the file")),
        Stop(f"{people}{ones[0].pk}/dossier/organisers.json"),
        *[Stop(f"{people}{one.pk}/dossier/{copy}/") for one in ones[:2] for copy in ("organisers", "person")],
        *[Stop(f"{calls}{page}/") for page in _PAGES_OF_CALL],
        Stop(f"{calls}register/", press=press("Register this person")),
        Stop(f"{people}calls/{open_call.pk}/attendance/"),
        Stop(f"{people}calls/{open_call.pk}/release/"),
        Stop(f"{people}?call={call.pk}", press=_find_somebody),
        *[Stop(f"/admin/registrations/outgoingmail/{page}") for page in ("", f"{mail.pk}/change/")],
        Stop("/admin/registrations/reconciliation/"),
        Stop("/admin/events/event/"),
        *[Stop(f"{event}{page}/") for page in ("change", "cancel", "hide", "preview", "history")],
        Stop("/admin/events/call/"),
        *_own_call(call),
        *_own_account(),
    ]


def _own_call(call: Call) -> list[Stop]:
    """What organisers set at their call."""
    pages = ("change", "capacity", "over-invite", "selection", "extras", "deadline", "reviewers", "history")
    return [Stop(f"/admin/events/call/{call.pk}/{page}/") for page in pages]


def _check(call: Call, mails: list[OutgoingMail | None]) -> None:
    """This morning's check of a call: so many mails were promised, and none of these went out."""
    now, number = clock.now(), len(mails)
    check = Reconciliation.objects.create(
        call=call,
        day=now.date(),
        checked_at=now,
        promised=number,
        stopped=1,
        missing=number - 1,
        **dict.fromkeys(("told", "waiting", "replaced", "doubled", "repeated"), 0),
    )
    for mail in mails:
        finding = Finding.STOPPED if mail else Finding.MISSING
        who = mail.registration if mail else call.registrations.first()
        NotTold.objects.create(
            reconciliation=check, registration=who, mail=mail, kind=MailKind.SELECTED, finding=finding
        )


def _one(call: Call, state: State) -> Registration:
    one = call.registrations.filter(state=state).first()
    assert one is not None
    return one


def _stage_two(page: Page) -> None:
    for box in page.locator("input.action-select").all()[:2]:
        box.check()
    page.get_by_label("Action:").select_option(label="Stage: select")
    page.locator("button[name=index]").click()
    page.get_by_role("button", name="Stage", exact=True).click()
    page.get_by_text("Please give a reason.").wait_for()


def _refuse_an_act(page: Page) -> None:
    page.get_by_text("Stage a decision").click()
    page.get_by_role("button", name="Stage", exact=True).click()
    page.get_by_text("Please give a reason.").wait_for()


def _find_somebody(page: Page) -> None:
    page.locator("input[name=sought]").fill("a")
    page.locator("input[name=sought]").press("Enter")
    page.get_by_role("heading", name="Find a person").wait_for()


def reviewing(world: World) -> list[Stop]:
    """The pages of a reviewer."""
    reviews = f"/admin/registrations/review/calls/{world.deciding.pk}/"
    application = f"{reviews}{_one(world.deciding, State.SUBMITTED).reference}/"
    other = f"{reviews}{world.deciding.registrations.filter(state=State.SUBMITTED)[1].reference}/"
    fresh = RegistrationFactory(call=world.deciding, submitted=True)
    return [
        Stop("/admin/"),
        Stop("/admin/registrations/review/"),
        Stop(reviews),
        Stop(application),
        Stop(f"{reviews}{fresh.reference}/", press=press("Save and next")),
        Stop(other, press=_declare_conflict),
        Stop(other),
    ]


def _declare_conflict(page: Page) -> None:
    page.get_by_text("I have a conflict of interest").click()
    page.get_by_role("button", name="Declare it and read the next").click()
    page.get_by_text("your conflict of interest is noted").wait_for()


def publishing(world: World) -> list[Stop]:
    """The pages of a publisher."""
    announcement, publication = Announcement.objects.earliest("published_at"), Publication.objects.get()
    pages = {"announcement": announcement.pk, "publication": publication.pk}
    group = WorkingGroup.objects.get(slug="ran-health")
    version, paper = announcement.history.latest(), publication.history.latest()
    return [
        Stop("/admin/"),
        *[Stop(f"/admin/events/{kind}/") for kind in ("event", "call", "workinggroup", *pages)],
        *[Stop(f"/admin/events/{kind}/add/") for kind in ("event", "call", *pages)],
        *[
            Stop(f"/admin/events/{kind}/{pk}/{page}/")
            for kind, pk in pages.items()
            for page in ("change", "preview", "history", "delete")
        ],
        Stop(f"/admin/events/announcement/{announcement.pk}/history/{version.history_id}/"),
        Stop(f"/admin/events/publication/{publication.pk}/history/{paper.history_id}/"),
        Stop(f"/admin/events/workinggroup/{group.pk}/change/"),
        Stop(f"/admin/events/workinggroup/{group.pk}/history/"),
        Stop("/admin/events/announcement/add/", press=press("Save", exact=True)),
        Stop("/admin/events/event/add/", press=press("Save", exact=True)),
        Stop("/admin/events/call/add/", press=press("Save", exact=True)),
    ]


def building(world: World) -> list[Stop]:
    """The form of a call, built by a publisher: empty, with all kinds of questions, refused; its preview and trial."""
    call, empty = f"/admin/events/call/{world.asked.pk}/", CallFactory(event__slug="no-questions-yet")
    question = world.asked.questions.get(key="single_choice")
    AnswerFactory(registration=RegistrationFactory(call=world.asked), question=question, value="prison", text="Prison")
    library, entry = "/admin/registrations/libraryquestion/", LibraryQuestion.objects.latest("pk")
    return [
        Stop(f"{call}form/"),
        Stop(f"/admin/events/call/{empty.pk}/form/"),
        *[Stop(f"{call}form/{page}/") for page in ("add", "copy", "library", "preview")],
        Stop(f"{call}form/copy/?from={world.deciding.pk}"),
        Stop(f"{call}form/add/", press=press("Add the question")),
        *[Stop(f"{call}form/{question.pk}/{page}") for page in ("", "reword/", "remove/", "library/")],
        Stop(f"{call}try/"),
        Stop(f"{call}try/", press=press("Send registration")),
        Stop(library),
        Stop(f"{library}add/"),
        *[Stop(f"{library}{entry.pk}/{page}/") for page in ("change", "history", "delete")],
    ]


def administering(world: World) -> list[Stop]:
    """The pages of an administrator that nobody else has."""
    organiser = User.objects.get(email="organiser@example.org")
    hidden = Event.objects.get(slug="nobody-sees")
    call, group = world.deciding, WorkingGroup.objects.get(slug="ran-ye")
    return [
        Stop("/admin/"),
        Stop("/admin/events/"),
        Stop(f"/admin/registrations/registration/year/{clock.now().year}/"),
        Stop("/admin/events/workinggroup/add/", 403),
        Stop(f"/admin/events/workinggroup/{group.pk}/delete/", 403),
        Stop(f"/admin/events/event/{hidden.pk}/show/"),
        Stop(f"/admin/events/event/{hidden.pk}/delete/", 403),
        Stop(f"/admin/events/call/{call.pk}/delete/", 403),
        Stop(f"/admin/events/event/{call.event_id}/history/{call.event.history.latest().history_id}/"),
        Stop(f"/admin/events/call/{call.pk}/history/{call.history.latest().history_id}/"),
        Stop("/admin/accounts/user/"),
        Stop("/admin/accounts/user/add/"),
        *[Stop(f"/admin/accounts/user/{organiser.pk}/{page}/") for page in ("change", "password", "history")],
        Stop(f"/admin/accounts/user/{organiser.pk}/delete/", 403),
        Stop("/admin/password_change/done/"),
        Stop("/admin/registrations/outgoingmail/"),
    ]


def serving(world: World) -> list[Stop]:
    """The pages of who looks after rooms, food and access."""
    served = "/admin/registrations/logisticsassignment/"
    return [Stop("/admin/"), Stop(served), Stop(f"{served}calls/{world.deciding.pk}/")]


def guarding(world: World) -> list[Stop]:
    """The pages of a data protection officer: one person, what was deleted, and who looked."""
    log, deleted = "/admin/registrations/accessentry/", "/admin/registrations/deletioncertificate/"
    RegistrationFactory(call=world.asked, identity__email=SOUGHT)
    with transaction.atomic():
        certificates.note(kind="registration", number=3, now=clock.now())
    certificate = certificates.finish(now=clock.now())
    assert certificate is not None
    return [
        Stop("/admin/"),
        Stop(f"{deleted}person/"),
        Stop(f"{deleted}person/", press=press("Find")),
        Stop(f"{deleted}person/", press=_find_by_address),
        Stop(f"{deleted}person/", press=_show_what_is_held),
        Stop(f"{deleted}person/", press=_erase_without_the_tick),
        Stop(deleted),
        Stop(f"{deleted}{certificate.pk}/"),
        Stop(log),
        Stop(f"{log}?day=someday", 422),
        Stop(f"{log}person/"),
        Stop(f"{log}person/", press=press("Show who looked")),
    ]


def _find_by_address(page: Page) -> None:
    page.get_by_label("Address").fill(SOUGHT)
    page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_role("heading", name="See all that we hold").wait_for()


def _show_what_is_held(page: Page) -> None:
    _find_by_address(page)
    page.get_by_label("What for?").fill("Asked by letter of 3 May")
    page.get_by_role("button", name="Show it here").click()
    page.get_by_role("heading", name="All that we hold about one person").wait_for()


def _erase_without_the_tick(page: Page) -> None:
    _find_by_address(page)
    page.get_by_role("button", name="Erase for good").click()
    page.get_by_text("Tick this if you mean it.").wait_for()


#: Addresses that answer with something else than a page to read: files, what buttons post to, and what is not ours.
NOT_LOOKED_AT = {
    "events:announcement-feed",
    "events:calendar",
    "events:event-calendar",
    "events:publication-document",
    "events:sitemap",
    "healthz-live",
    "healthz-ready",
    "healthz-web",
    "metrics",
    "events:security-txt",
    "admin:events_publication_document",
    "admin:registrations_call_board_views",
    "admin:registrations_call_board_proposal_stage",
    "admin:registrations_registration_year_csv",
    "admin:registrations_registration_file",
    "admin:registrations_review_file",
    "admin:registrations_call_find",
    "admin:registrations_registration_act",
    *[f"admin:registrations_data_protection_{act}" for act in ("held", "erase")],
    "admin:registrations_review_conflict",
    "admin:registrations_review_read",
    *[f"admin:registrations_outgoingmail_{act}" for act in ("cancel", "hold", "pause", "resume", "retry")],
    "admin:logout",
    "admin:login",
    "admin:password_change",
    "admin:accounts_user_mail-password-link",
    "admin:accounts_user_second-factor-away",
    "account",
    "provider-sign-in",
    "openid_connect_callback",
    "socialaccount_signup",
    "account_set_password",
    "totp-picture",
    "mfa_authenticate",
    "mfa_reauthenticate",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_download_recovery_codes",
    "mfa_reauthenticate_webauthn",
    "mfa_remove_webauthn",
    "mfa_edit_webauthn",
    "admin:autocomplete",
    "admin:jsi18n",
    "admin:view_on_site",
    "admin:<path:object_id>/",
    "admin:(?P<url>.*)$",
}

#: Who sees which pages, three times on the same portal; None: nobody signs in.
ROUNDS = {
    "visitors": {public: None, registering: None, personal: None},
    "organisers": {organising: "organiser@example.org", reviewing: "reviewer1@example.org"},
    "others": {
        publishing: "publisher@example.org",
        building: "publisher@example.org",
        serving: "logistics@example.org",
        guarding: "dpo@example.org",
        administering: "admin@example.org",
    },
}
