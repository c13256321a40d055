"""Twenty thousand requests that nobody means, by everybody who may come (`make security`); some hundreds here."""

import re
from collections.abc import Callable
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLResolver, get_resolver

from accounts.enums import Role
from accounts.models import User
from registrations.links import token_of
from registrations.models import Registration
from tests.factories import AnswerFactory, RegistrationFactory, UserFactory
from tests.races.web import WebServer
from tests.registrations.pages import follow
from tests.registrations.people_story import story
from tests.security import scope
from tests.security.fuzz import Fuzzer

NUMBER = 20_000 if scope.is_full() else 450


def addresses(resolver: URLResolver, prefix: str = "") -> list[str]:
    """Every address of the portal, with <names> for what differs."""
    found = []
    for pattern in resolver.url_patterns:
        path = prefix + _plain(str(pattern.pattern))
        found += addresses(pattern, path) if isinstance(pattern, URLResolver) else [f"/{path}"]
    return found


def _plain(pattern: str) -> str:
    """An expression as a path: its named groups become <names>, the rest of its signs go."""
    pattern = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", pattern)
    return re.sub(r"[\^$\\]|\(\?:|\)\?|\(|\)", "", pattern)


def people() -> dict[str, Client]:
    """A browser for everybody who may come: nobody, a registrant, and one of each role."""
    told = story()
    AnswerFactory(registration=told.applicant)
    registrant = Client()
    follow(registrant, RegistrationFactory())
    staff = {role.value: UserFactory(role=role) for role in Role}
    staff |= {"organiser": told.organiser, "reviewer": told.reviewer, "superuser": UserFactory(administrator=True)}
    browsers = {"nobody": Client(), "registrant": registrant}
    for name, user in staff.items():
        browsers[name] = Client()
        browsers[name].force_login(user)
    return browsers


def known() -> dict[str, list[str]]:
    """What stands in addresses of this portal now."""
    registrations = list(Registration.objects.all())
    references = [one.reference for one in registrations]
    keys = [str(one.pk) for one in registrations] + [str(one.call_id) for one in registrations]
    slugs = [one.call.event.slug for one in registrations]
    tokens = [token_of(one.links.get()) for one in registrations]
    users = [str(user.pk) for user in User.objects.all()]
    fields = {"reference": references, "slug": slugs, "token": tokens}
    return fields | dict.fromkeys(("pk", "id", "call_id", "registration_id", "object_id", "answer_id"), keys) | {
        "user_id": users
    }  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("order", ["1 AND 7351=7351", "(SELECT 7351)", "1.-2) UNION SELECT 7351", "-1,7351", "7351"])
def test_the_order_of_a_list_is_the_number_of_one_of_its_columns_and_never_sql(client, order):
    client.force_login(UserFactory(role=Role.PUBLISHER))

    with CaptureQueriesContext(connection) as asked:
        answer = client.get("/admin/events/event/", {"q": "a", "o": order})

    assert answer.status_code == 200
    assert asked.captured_queries
    assert not [one["sql"] for one in asked.captured_queries if "7351" in one["sql"]]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["event", "call", "publication", "announcement"])
@pytest.mark.parametrize("key", ["true", "{}", "%25ff", "-1", "9" * 400, "1.5"])
def test_a_history_of_what_is_no_number_is_not_there(client, name, key):
    client.force_login(UserFactory(role=Role.PUBLISHER))

    addresses = [f"{key}/history/", f"{key}/history/1/", f"1/history/{key}/"]

    answers = [client.get(f"/admin/events/{name}/{address}") for address in addresses]

    assert {answer.status_code for answer in answers} <= {302, 404}


@pytest.mark.django_db
@pytest.mark.parametrize("moment", ["on", "2026-13-45", "2026-09-06T25:61", "2026-09-06 10:00"])
@pytest.mark.parametrize("name", ["event", "publication", "announcement"])
def test_an_odd_moment_in_the_address_of_a_new_page_does_not_break_it(client, name, moment):
    client.force_login(UserFactory(role=Role.PUBLISHER))

    assert client.get(f"/admin/events/{name}/add/", {"published_at": moment}).status_code == 200


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_no_request_breaks_the_portal(web: Callable[..., WebServer], settings) -> None:
    browsers = people()
    connect = web(ALLOWED_HOSTS="*").connect
    result = None
    wrong, asked, slowest, answers = [], 0, 0.0, {}
    for number, (name, browser) in enumerate(browsers.items()):
        browser.get("/admin/login/")
        cookies = "; ".join(f"{key}={one.value}" for key, one in browser.cookies.items())
        token = browser.cookies[settings.CSRF_COOKIE_NAME].value if settings.CSRF_COOKIE_NAME in browser.cookies else ""
        fuzzer = Fuzzer(connect, addresses(get_resolver()), known(), seed=number)
        fuzzer.ask(NUMBER // len(browsers) + 1, cookies, token)
        result = fuzzer.result
        wrong += [f"{name}: {one}" for one in result.wrong]
        asked, slowest = asked + result.asked, max(slowest, result.slowest)
        answers = {status: answers.get(status, 0) + count for status, count in result.answers.items()} | {
            status: count for status, count in answers.items() if status not in result.answers
        }

    scope.add(
        part=f"fuzzed requests, nobody and {len(browsers) - 1} others",
        goal="0 answers of 500 or more, none over 5 s",
        reached=f"{asked:,} asked, {len(wrong)} wrong, slowest {slowest:.1f} s; {dict(sorted(answers.items()))}",
        is_reached=not wrong,
    )
    if wrong:
        pytest.fail("\n".join(wrong[:60]), pytrace=False)
    assert {200, 302, 404, 400, 403, 405} <= set(answers)


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_breaks_is_seen(site: str, monkeypatch) -> None:
    """The control: one page that breaks on each request."""

    def breaks(*args, **options):
        raise ValueError("odd")

    monkeypatch.setattr("events.queries.home_page", breaks)
    fuzzer = Fuzzer(lambda: HTTPConnection(urlsplit(site).netloc, timeout=30), ["/"], {}, seed=1)

    fuzzer.ask(20)

    assert any(line.startswith("500") for line in fuzzer.result.wrong)
