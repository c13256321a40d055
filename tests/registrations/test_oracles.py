"""No list answers a question about what it does not show: by a filter, by its search or by its order."""

import pytest
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import SuspiciousOperation
from django.test import RequestFactory

from registrations.models import Registration
from tests.factories import OutgoingMailFactory, UserFactory
from tests.registrations.people_story import LIST, application, set_clock, signed_in, story

pytestmark = pytest.mark.django_db

#: All that may stand behind a field in a parameter.
SUFFIXES = (
    *("", "exact", "iexact", "contains", "icontains", "startswith", "istartswith", "endswith", "iendswith"),
    *("regex", "iregex", "in", "gt", "gte", "lt", "lte", "range", "isnull", "date", "year", "iso_year", "month"),
    *("day", "week", "week_day", "iso_week_day", "quarter", "time", "hour", "minute", "second", "length", "pk"),
    *("id", "id__exact", "year__gte", "contained_by", "has_key", "has_keys", "has_any_keys", "search", "unaccent"),
)
_PERSON = (
    *(
        "address_index",
        "form_digest",
        "version",
        "proven_at",
        "checked_by__email",
        "list_position",
        "same_address_number",
    ),
    *("identity__sealed", "identity__key_id", "identity__registration", "answers__plain_text", "answers__plain_value"),
    *(
        "answers__sealed",
        "consents__extra",
        "decision__reason",
        "reviews__comment",
        "links__version",
        "transitions__note",
    ),
)
_STAFF = ("password", "last_login", "is_superuser", "user_permissions", "email", "groups__permissions", "logentry")
#: Of content lists nothing but the offered filters is answered, what their own pages show included.
#: Each list of the admin by its model, and fields that it must say nothing about.
HIDDEN = {
    "registration": _PERSON,
    "outgoingmail": (
        *("rendered", "facts", "key", "message_id", "user__password", "vouch__sealed"),
        *(f"registration__{field}" for field in _PERSON),
    ),
    "call": ("organisers__password", "reply_to", *(f"registrations__{field}" for field in _PERSON)),
    "event": (
        "join_link",
        "venue",
        "call__organisers__password",
        *(f"call__registrations__{field}" for field in _PERSON),
    ),
    "user": (*_STAFF, "organised_calls__registrations__address_index", "reviews__comment"),
    "workinggroup": ("slug", "events__join_link", "events__call__registrations__address_index"),
    "announcement": ("title", "body", "event__join_link", "event__call__registrations__address_index"),
    "publication": ("title", "document", "events__join_link", "events__call__registrations__address_index"),
    "libraryquestion": (
        "label",
        "made_by__password",
    ),
}


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch)


@pytest.fixture
def told():
    told = story()
    OutgoingMailFactory(registration=told.applicant)
    return told


def lists() -> dict[str, admin.ModelAdmin]:
    """Those lists that Django itself filters, searches and orders."""
    return {model._meta.model_name: one for model, one in admin.site._registry.items()}


def is_refused(model_admin: admin.ModelAdmin, user, question: dict[str, str]) -> bool:
    """Whether the list gives no answer at all to these parameters."""
    request = RequestFactory().get("/", question)
    request.user = user
    try:
        list(model_admin.get_changelist_instance(request).result_list)
    except (SuspiciousOperation, IncorrectLookupParameters):
        return True
    return False


@pytest.mark.parametrize("name", HIDDEN)
def test_no_list_filters_by_what_it_does_not_show(told, name):
    user = UserFactory(administrator=True)
    told.call.organisers.add(user)
    asked = [f"{field}__{suffix}" if suffix else field for field in HIDDEN[name] for suffix in SUFFIXES]
    answered = [question for question in asked if not is_refused(lists()[name], user, {question: "1"})]
    assert answered == []


def test_the_lists_answer_what_they_offer(told):
    """The control: a list that refused everything would pass, too."""
    assert not is_refused(lists()["registration"], told.organiser, {"state__exact": "submitted"})
    assert not is_refused(lists()["outgoingmail"], told.organiser, {"state__exact": "sent"})


def test_every_list_that_django_filters_is_among_them():
    own = {"accessentry", "deletioncertificate", "logisticsassignment", "reconciliation", "review"}
    of_others = {"accessattempt", "accesslog", "accessfailurelog"}
    assert set(lists()) - own - of_others == set(HIDDEN)


@pytest.mark.parametrize("secret", ["Őrségi", "zoe@example.org", "Zoë", "Vegan", "zoe"])
def test_searching_a_list_finds_nobody_by_a_secret(told, secret):
    client = signed_in(told.organiser)
    for place in (f"{LIST}?call={told.call.pk}&q={secret}", f"/admin/registrations/outgoingmail/?q={secret}"):
        found = client.get(place).context["cl"].result_list
        everybody = client.get(place.partition("q=")[0].rstrip("?&")).context["cl"].result_list
        assert list(found) in ([], list(everybody))
    assert list(client.get(f"/admin/events/call/?q={secret}").context["cl"].result_list) == []


def test_no_order_of_a_list_tells_of_a_secret(told):
    """The same people under other names stand in the same order, by whatever column."""
    one = application(told.call, reference="P-3BBBB", given_name="A", family_name="A", email="a@example.org")
    client = signed_in(told.organiser)

    def orders() -> list[list[int]]:
        pages = [client.get(f"{LIST}?call={told.call.pk}&o={sign}{n}") for n in range(12) for sign in ("", "-")]
        return [[row.pk for row in page.context["cl"].result_list] for page in pages]

    before = orders()
    identity = one.identity
    identity.given_name = identity.family_name = "Žž"
    identity.email = "zz@example.org"
    identity.save()
    assert orders() == before
    assert Registration.objects.count() == 2
