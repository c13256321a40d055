"""Each role at each address of the portal does what docs/roles.md says, and reads nobody whom it may not know."""

import pytest

from dev.roles import DOCUMENT, NONE, ROLES, columns
from events.models import Call
from registrations import reports
from tests.journeys import roles
from tests.registrations.people_story import set_clock

pytestmark = pytest.mark.django_db

#: Unique to the one applicant: names, address, and what the form was answered with.
NAMES = ("Zoë", "Őrségi", "zoe@example.org")
ANSWERS = ("Because of my work", "Vegan")
REFERENCE = ("P-2AAAA",)
#: Of who has a place: what only organisers know, and what others are told who look after rooms and food.
OF_PLACED = tuple(value for name, value in roles.PLACED.items() if name != "display_name")
NEEDS = (roles.NEEDED, roles.ARRIVES)
#: What each role must not read anywhere. An officer reads nobody before having named an address.
SECRETS = {
    "registrant": (*NAMES, *ANSWERS, *REFERENCE),
    "reviewer": (*NAMES, "Vegan", *OF_PLACED, *NEEDS),
    "organiser": (),
    "logistics": (*NAMES, *ANSWERS, *REFERENCE, *OF_PLACED),
}
EVERYTHING = (*NAMES, *ANSWERS, *REFERENCE, *OF_PLACED, *NEEDS, roles.PLACED_REFERENCE)


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch)


@pytest.fixture
def cast():
    return roles.cast()


def shown(texts: list[str], secrets: tuple[str, ...]) -> list[tuple[str, str]]:
    """Where one of these stands in what was read, but for an address that the asker named."""
    return [
        (text.partition("\n")[0], secret)
        for text in texts
        for secret in secrets
        if secret in text.partition("\n")[2] and secret not in text.partition("\n")[0]
    ]


@pytest.mark.parametrize("role", ROLES)
def test_each_role_sees_and_does_what_the_document_says_and_reads_nobody_else(cast, role):
    cells, texts = roles.column(roles.client_of(cast[role]), cast["stage"])
    assert shown(texts, SECRETS.get(role, EVERYTHING)) == []
    said = columns(DOCUMENT.read_text("utf-8"))[role]
    if cells != said:
        roles.keep(role, cells)
    differences = {route: (said.get(route), cells.get(route)) for route in {*cells, *said}}
    assert {route: pair for route, pair in differences.items() if pair[0] != pair[1]} == {}


def test_the_document_has_a_line_for_every_address_and_no_other():
    assert list(columns(DOCUMENT.read_text("utf-8"))["stranger"]) == roles.routes()


def test_each_address_answers_somebody_or_it_is_said_why_not():
    said = columns(DOCUMENT.read_text("utf-8"))
    nobody = {route for route in roles.routes() if all(said[role].get(route) == NONE for role in ROLES)}
    assert nobody == set(roles.NOBODY)


def test_without_the_limit_to_one_s_own_calls_the_crawl_would_read_names(cast, monkeypatch):
    """The control: another organiser who sees all calls reads the applicant's name."""
    monkeypatch.setattr(reports, "calls_of", lambda user: Call.objects.select_related("event"))
    client, stage = roles.client_of(cast["other organiser"]), cast["stage"]
    address = roles.place("admin/registrations/registration/<int:registration_id>/change/", stage)
    _, text = roles.ask(client, "get", address)
    assert shown([f"get {address}\n{text}"], NAMES)


@pytest.mark.parametrize("role", ["stranger", "other organiser", "superuser"])
def test_no_file_lies_where_it_can_be_guessed(cast, role):
    client, name = roles.client_of(cast[role]), cast["stage"].file.file.name
    for folder in ("", "media/", "private/", "var/private/", "var/media/", "static/", "static/../var/private/"):
        response, text = roles.ask(client, "get", f"/{folder}{name}")
        assert response.status_code in (302, 404)
        assert "%PDF" not in text


@pytest.mark.parametrize("role", ["organiser", "superuser"])
@pytest.mark.parametrize("field", ["address_index", "form_digest", "identity", "identity__email", "version"])
def test_a_pop_up_gives_no_hidden_field_as_its_value(cast, role, field):
    client = roles.client_of(cast[role])
    for section in ("registration", "outgoingmail"):
        response, text = roles.ask(client, "get", f"/admin/registrations/{section}/?_to_field={field}&_popup=1")
        assert response.status_code in (302, 400)
        assert not shown([f"\n{text}"], NAMES)
