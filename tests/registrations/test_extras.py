"""Extras: each asked by itself, unticked, for one text, and taken back by one button; the list for participants."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.enums import Role
from registrations import extras, field_register
from registrations.enums import Act, CheckResult, Extra, LegalBasis, State
from registrations.field_register import LEAST_LISTED, TEXTS
from registrations.models import Answer, Consent, KeepingRules, OfferedExtra, Registration
from registrations.services import consents, workflow
from tests.factories import NOW, AnswerFactory, CallFactory, RegistrationFactory, UserFactory
from tests.registrations.pages import follow, mine_url, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def offering(*names: Extra, **values: Any) -> Any:
    call = CallFactory(**values)
    OfferedExtra.objects.bulk_create(OfferedExtra(call=call, extra=extra) for extra in names or Extra)
    return call


def person_of(call: Any = None, **values: Any) -> Registration:
    return RegistrationFactory(call=call or offering(), **values)


def acts(registration: Registration) -> list[tuple[str, str]]:
    return [(t.act, t.reason) for t in registration.transitions.all()]


def listed(call: Any, *items: Extra, **values: Any) -> Registration:
    registration = RegistrationFactory(call=call, **values)
    for extra in items or (Extra.LISTED_NAME,):
        consents.give(registration=registration, extra=extra, now=NOW)
    return registration


# Giving and taking back


def test_a_person_allows_one_extra_and_nothing_else():
    registration = person_of()

    consents.give(registration=registration, extra=Extra.DIET, detail="No nuts.", now=NOW)

    (consent,) = Consent.objects.all()
    assert (consent.extra, consent.detail, consent.given_at) == (Extra.DIET, "No nuts.", NOW)
    assert consent.wording == TEXTS[Extra.DIET].wording
    assert acts(registration) == [(Act.GIVE_CONSENT, "What you eat")]


def test_what_was_written_lies_sealed():
    registration = person_of()
    consents.give(registration=registration, extra=Extra.DIET, detail="canary-nuts", now=NOW)

    (row,) = Consent.objects.values_list("sealed", flat=True)

    assert b"canary-nuts" not in bytes(row)
    assert Consent.objects.get().detail == "canary-nuts"


def test_the_same_said_twice_is_said_once():
    registration = person_of()
    for _ in range(2):
        consents.give(registration=registration, extra=Extra.ACCESS, detail="A lift.", now=NOW)

    assert Consent.objects.count() == 1
    assert len(acts(registration)) == 1


def test_another_detail_replaces_the_old_and_erases_it():
    registration = person_of()
    consents.give(registration=registration, extra=Extra.ACCESS, detail="A lift.", now=NOW)
    consents.give(registration=registration, extra=Extra.ACCESS, detail="Captions.", now=NOW + timedelta(hours=1))

    old, new = Consent.objects.order_by("given_at")
    assert (old.detail, bytes(old.sealed), old.withdrawn_at) == ("", b"", NOW + timedelta(hours=1))
    assert (new.detail, new.withdrawn_at) == ("Captions.", None)


def test_taking_back_erases_what_was_written_at_once():
    registration = person_of()
    consents.give(registration=registration, extra=Extra.DIET, detail="No nuts.", now=NOW)
    consents.give(registration=registration, extra=Extra.NETWORK_MAIL, now=NOW)

    for _ in range(2):
        consents.withdraw(registration=registration, extra=Extra.DIET, now=NOW)

    diet = Consent.objects.get(extra=Extra.DIET)
    assert (diet.withdrawn_at, bytes(diet.sealed), diet.detail) == (NOW, b"", "")
    assert Consent.objects.get(extra=Extra.NETWORK_MAIL).withdrawn_at is None
    assert [act for act, _ in acts(registration)].count(Act.WITHDRAW_CONSENT) == 1


def test_it_can_be_taken_back_when_nothing_is_asked_any_more():
    call = offering(Extra.PHOTOGRAPHS)
    registration = person_of(call)
    consents.give(registration=registration, extra=Extra.PHOTOGRAPHS, now=NOW)
    call.offered_extras.all().delete()
    Registration.objects.update(state="attended")

    consents.withdraw(registration=registration, extra=Extra.PHOTOGRAPHS, now=NOW)

    assert Consent.objects.get().withdrawn_at == NOW


def test_a_tick_without_the_words_that_belong_to_it_says_nothing():
    with pytest.raises(consents.NothingSaid):
        consents.give(registration=person_of(), extra=Extra.DIET, now=NOW)
    assert not Consent.objects.exists()


def test_nobody_is_asked_what_the_call_does_not_ask():
    with pytest.raises(consents.NotAsked):
        consents.give(registration=person_of(offering(Extra.DIET)), extra=Extra.LISTED_NAME, now=NOW)


@pytest.mark.parametrize("state", ["unproven", "withdrawn", "declined"])
def test_nobody_is_asked_whose_registration_does_not_stand(state):
    with pytest.raises(consents.NotAsked):
        consents.give(registration=person_of(**{state: True}), extra=Extra.LISTED_NAME, now=NOW)


def test_what_breaks_in_the_middle_leaves_what_was_there(monkeypatch):
    registration = person_of()
    consents.give(registration=registration, extra=Extra.DIET, detail="No nuts.", now=NOW)

    def broken(**_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(workflow, "record", broken)
    for act in (
        lambda: consents.withdraw(registration=registration, extra=Extra.DIET, now=NOW),
        lambda: consents.give(registration=registration, extra=Extra.DIET, detail="No fish.", now=NOW),
    ):
        with pytest.raises(RuntimeError):
            act()

    assert Consent.objects.get(withdrawn_at=None).detail == "No nuts."


def test_an_organiser_chooses_what_is_asked():
    call, by = CallFactory(), UserFactory()

    consents.offer(call=call, extras=[Extra.PHOTOGRAPHS, Extra.DIET], by=by, now=NOW)
    consents.offer(call=call, extras=[Extra.DIET, Extra.ACCESS], by=by, now=NOW)

    assert extras.offered(call) == [Extra.DIET, Extra.ACCESS]


# A changed text


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on the text about photographs says more."""
    more = replace(TEXTS[Extra.PHOTOGRAPHS], purpose="To show them on the internet.")
    texts = MappingProxyType({**TEXTS, Extra.PHOTOGRAPHS: more})
    for module in (extras, consents, field_register):
        monkeypatch.setattr(module, "TEXTS", texts)


def allow_photographs() -> Registration:
    registration = person_of()
    consents.give(registration=registration, extra=Extra.PHOTOGRAPHS, now=NOW)
    return registration


def counting(registration: Registration) -> list[Extra]:
    """What the person allowed in the words in which it is asked now."""
    return [choice.extra for choice in extras.allowed_by(registration) if not choice.is_changed]


def test_a_consent_counts_for_the_text_that_was_read():
    registration = allow_photographs()

    assert counting(registration) == [Extra.PHOTOGRAPHS]


def test_after_a_change_the_old_consent_counts_for_nothing_new(request, client):
    registration = allow_photographs()
    request.getfixturevalue("changed")

    assert counting(registration) == []
    follow(client, registration)
    assert "We changed this text. Please say again." in text_of(client.get(f"{mine_url(registration)}extras/"))
    assert "Please say again." in text_of(client.get(mine_url(registration)))


def test_said_again_it_counts_for_the_new_text(request):
    registration = allow_photographs()
    request.getfixturevalue("changed")

    consents.give(registration=registration, extra=Extra.PHOTOGRAPHS, now=NOW + timedelta(days=1))

    assert counting(registration) == [Extra.PHOTOGRAPHS]
    assert Consent.objects.filter(withdrawn_at=None).count() == 1


# The page


def extras_url(registration: Registration) -> str:
    return f"{mine_url(registration)}extras/"


def test_the_page_asks_each_by_itself_and_ticks_nothing(client: Client):
    registration = person_of()
    follow(client, registration)

    page = text_of(client.get(extras_url(registration)))

    assert page.count('name="agree"') == len(Extra)
    assert "checked" not in page
    for text in TEXTS.values():
        assert text.allows in page
        assert text.purpose in page
        assert text.sees() in page
        assert text.kept.said() in page


def test_one_is_allowed_and_taken_back_there(client: Client):
    registration = person_of()
    follow(client, registration)

    given = client.post(extras_url(registration), {"extra": "diet", "agree": "on", "detail": "No <b>nuts</b>."})
    assert (given.status_code, given["Location"]) == (303, f"{extras_url(registration)}?given=diet")
    page = text_of(client.get(given["Location"]))
    assert "You allow: What you eat" in page
    assert "No &lt;b&gt;nuts&lt;/b&gt;." in page

    taken = client.post(extras_url(registration), {"withdraw": "diet"})
    assert (taken.status_code, taken["Location"]) == (303, f"{extras_url(registration)}?taken=diet")
    assert "nuts" not in text_of(client.get(taken["Location"]))


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        ({"extra": "diet", "detail": "No nuts."}, 422, "Tick the box if you allow it."),
        ({"extra": "diet", "agree": "on"}, 422, "Please tell us, so that we can act on it."),
        ({"extra": "horoscope", "agree": "on"}, 400, "one of the buttons"),
        ({}, 400, "one of the buttons"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_noted(client: Client, sent, status, words):
    registration = person_of()
    follow(client, registration)

    answer = client.post(extras_url(registration), sent)

    assert answer.status_code == status
    assert words in text_of(answer)
    assert not Consent.objects.exists()


def test_an_extra_that_is_not_asked_is_refused(client: Client):
    registration = person_of(offering(Extra.DIET))
    follow(client, registration)

    answer = client.post(extras_url(registration), {"extra": "photographs", "agree": "on"})

    assert (answer.status_code, Consent.objects.count()) == (409, 0)


def test_looking_changes_nothing_and_strangers_see_nothing(client: Client):
    registration = person_of()
    assert client.get(extras_url(registration)).status_code == 404
    assert client.post(extras_url(registration), {"extra": "listed_name", "agree": "on"}).status_code == 404
    follow(client, registration)
    for method in (client.get, client.head):
        assert method(f"{extras_url(registration)}?extra=listed_name&agree=on&withdraw=diet").status_code == 200

    assert not Consent.objects.exists()
    assert not registration.transitions.exists()


def test_whoever_takes_part_no_longer_sees_what_they_allowed_alone(client: Client):
    call = offering(Extra.DIET, Extra.LISTED_NAME)
    registration = person_of(call)
    consents.give(registration=registration, extra=Extra.LISTED_NAME, detail="", now=NOW)
    Registration.objects.update(state=State.DECLINED)
    follow(client, registration)

    page = text_of(client.get(extras_url(registration)))

    assert Extra.LISTED_NAME.label in page
    assert Extra.DIET.label not in page


def test_a_call_without_extras_says_nothing_of_them(client: Client):
    registration = RegistrationFactory()
    follow(client, registration)

    assert "Extras" not in text_of(client.get(mine_url(registration)))
    assert "There is nothing to allow or to take back" in text_of(client.get(extras_url(registration)))


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_costs_the_same_for_one_and_for_three(client: Client, number):
    registration = person_of(offering(*list(Extra)[2 : 2 + number]))
    for extra in list(Extra)[2 : 2 + number]:
        consents.give(registration=registration, extra=extra, now=NOW)
    follow(client, registration)

    with CaptureQueriesContext(connection) as queries:
        client.get(extras_url(registration))

    # The link with its call and how long that keeps people, its sessions, answers, what is allowed and what is asked.
    assert len(queries) == 5


def test_how_long_is_said_with_the_days_of_the_call(client: Client):
    registration = person_of(offering(Extra.DIET))
    KeepingRules.objects.create(call=registration.call, sensitive_days=3)
    follow(client, registration)

    page = text_of(client.get(extras_url(registration)))

    assert "else 3 days after the event" in page
    assert "14 days" not in page


# Answers that rest on consent


def answered(**question: Any) -> Answer:
    answer: Answer = AnswerFactory(
        question__key="support",
        question__label="What would help you?",
        text="canary-lift",
        **{f"question__{name}": value for name, value in question.items()},
    )
    return answer


FREE = [{"is_sensitive": True}, {"legal_basis": LegalBasis.CONSENT}]
BOUND = [{}, {"is_sensitive": True, "legal_basis": LegalBasis.LEGAL_DUTY}]


@pytest.mark.parametrize("question", FREE)
@pytest.mark.parametrize("state", ["confirmed", "declined"])
def test_an_answer_that_rests_on_consent_is_taken_back_and_the_place_stays(client: Client, question, state):
    answer = answered(**question)
    registration = answer.registration
    Registration.objects.update(state=state)
    follow(client, registration)
    assert "You may take it back." in text_of(client.get(mine_url(registration)))
    page = text_of(client.get(extras_url(registration)))
    assert "canary-lift" in page
    assert "By what right: Your" in page

    taken = client.post(extras_url(registration), {"answer": "support"})

    assert (taken.status_code, taken["Location"]) == (303, f"{extras_url(registration)}?taken=answer")
    page = text_of(client.get(taken["Location"]))
    assert "your registration stands as before" in page
    assert "canary-lift" not in page
    assert not Answer.objects.exists()
    assert acts(registration) == [(Act.WITHDRAW_CONSENT, "What would help you?")]
    registration.refresh_from_db()
    assert (registration.state, registration.form_digest) == (state, "")


@pytest.mark.parametrize("question", BOUND)
def test_an_answer_that_rests_on_anything_else_stays(client: Client, question):
    answer = answered(**question)
    follow(client, answer.registration)
    assert "canary-lift" not in text_of(client.get(extras_url(answer.registration)))

    assert client.post(extras_url(answer.registration), {"answer": "support"}).status_code == 303

    assert Answer.objects.get() == answer
    assert acts(answer.registration) == []


def test_nobody_takes_back_what_another_answered(client: Client):
    answer, other = answered(is_sensitive=True), person_of()
    follow(client, other)

    assert client.post(extras_url(answer.registration), {"answer": "support"}).status_code == 404
    client.post(extras_url(other), {"answer": "support"})

    assert Answer.objects.get() == answer


def test_the_file_of_an_answer_that_is_taken_back_goes(django_capture_on_commit_callbacks, tmp_path, settings):
    settings.MEDIA_ROOT = str(tmp_path)
    answer = answered(is_sensitive=True)
    answer.file.save("any", ContentFile(b"letter"))
    storage, name = answer.file.storage, answer.file.name

    with django_capture_on_commit_callbacks(execute=True):
        consents.take_back(registration=answer.registration, key="support", now=NOW)

    assert not storage.exists(name)


# The list for participants


def test_confirmed_people_see_those_who_let_themselves_be_seen(client: Client):
    call = offering()
    people = [listed(call, identity__display_name=f"Person {n}") for n in range(LEAST_LISTED)]
    RegistrationFactory(call=call, identity__display_name="Not on any list")
    reader = RegistrationFactory(call=call)
    follow(client, reader)

    page = text_of(client.get(mine_url(reader)))

    assert "Who takes part" in page
    assert [f"Person {n}" in page for n in range(LEAST_LISTED)] == [True] * len(people)
    assert "Not on any list" not in page


def test_each_item_is_shown_only_where_it_was_allowed():
    call = offering()
    listed(call, Extra.LISTED_ORGANISATION, identity__organisation="Clinic A", identity__display_name="A")
    listed(call, Extra.LISTED_NAME, Extra.LISTED_EMAIL, identity__email="b@example.org", identity__display_name="B")
    for _ in range(3):
        listed(call, Extra.LISTED_COUNTRY, country="AT")

    rows = {(one.name, one.organisation, one.country, one.email) for one in extras.participants(call)}

    assert rows == {("", "Clinic A", "", ""), ("B", "", "", "b@example.org"), ("", "", "Austria", "")}


def test_a_list_of_four_is_none():
    call = offering()
    for _ in range(LEAST_LISTED - 1):
        listed(call)

    assert extras.participants(call) == []
    listed(call)
    assert len(extras.participants(call)) == LEAST_LISTED


def test_who_left_or_took_it_back_is_on_no_list():
    call = offering()
    people = [listed(call, identity__display_name=f"Person {n}") for n in range(LEAST_LISTED + 2)]
    Registration.objects.filter(pk=people[0].pk).update(state="withdrawn")
    consents.withdraw(registration=people[1], extra=Extra.LISTED_NAME, now=NOW)

    assert [one.name for one in extras.participants(call)] == [f"Person {n}" for n in range(2, LEAST_LISTED + 2)]


@pytest.mark.parametrize("state", ["submitted", "selected", "on_list", "declined", "withdrawn"])
def test_nobody_sees_the_list_without_a_confirmed_place(client: Client, state):
    call = offering(selective=True)
    for _ in range(LEAST_LISTED):
        listed(call)
    reader = RegistrationFactory(call=call, **{state: True})
    follow(client, reader)

    assert "Who takes part" not in text_of(client.get(mine_url(reader)))


def test_the_list_waits_for_the_look_at_who_somebody_is(client: Client):
    call = offering(join_link_needs_check=True)
    for _ in range(LEAST_LISTED):
        listed(call)
    reader = RegistrationFactory(call=call)
    follow(client, reader)
    assert "Who takes part" not in text_of(client.get(mine_url(reader)))

    by = UserFactory()
    Registration.objects.update(check_result=CheckResult.FINE, checked_at=NOW, checked_by=by)
    assert "Who takes part" in text_of(client.get(mine_url(reader)))


def test_nobody_stands_on_the_list_before_that_look():
    call = offering(join_link_needs_check=True)
    people = [listed(call, identity__display_name=f"Person {n}") for n in range(LEAST_LISTED + 1)]
    fine = Registration.objects.exclude(pk=people[0].pk)
    fine.update(check_result=CheckResult.FINE, checked_at=NOW, checked_by=UserFactory())
    assert [one.name for one in extras.participants(call)] == [f"Person {n}" for n in range(1, LEAST_LISTED + 1)]


# What organisers see


def test_the_organiser_reads_on_the_person_s_page_what_was_allowed():
    organiser, client = UserFactory(role=Role.ORGANISER), Client()
    registration = person_of(offering(organisers=[organiser]))
    consents.give(registration=registration, extra=Extra.DIET, detail="No <b>nuts</b>.", now=NOW)
    client.force_login(organiser, backend="django.contrib.auth.backends.ModelBackend")
    address = f"/admin/registrations/registration/{registration.pk}/change/"

    assert "No &lt;b&gt;nuts&lt;/b&gt;." in text_of(client.get(address))
    consents.withdraw(registration=registration, extra=Extra.DIET, now=NOW)
    assert "nuts" not in text_of(client.get(address))
