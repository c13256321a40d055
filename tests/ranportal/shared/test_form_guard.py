"""The stamp of a form, its trap, its pace, and what is counted of a network."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from redis.exceptions import ConnectionError as CacheAway

from ranportal.shared import limits
from ranportal.shared.form_guard import MOST_HASTY, OLDEST, STAMP, TRAP, Finding, Guard, new_stamp, stamped_at

NOW = datetime(2026, 9, 1, 10, 20, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NETWORK = "198.51.100.7"


@pytest.fixture(autouse=True)
def as_people_meet_it(settings):
    settings.FORM_LEAST_SECONDS, settings.FORMS_PER_HOUR = 2, 60


def found(stamp, *, now=NOW, form="link", address=NETWORK, is_complete=True, **typed):
    request = RequestFactory().post("/", {STAMP: stamp, "email": "a@example.org", **typed}, REMOTE_ADDR=address)
    return judged(Guard(request, form, now=now), is_complete=is_complete)


def judged(guard, *, is_complete=True):
    finding = guard.judge_first()
    return guard.judge(is_complete=is_complete) if finding == Finding.FINE else finding


def aged(age=timedelta(minutes=1), form="link"):
    return new_stamp(form, now=NOW - age)


def test_a_stamp_tells_when_its_page_was_made():
    assert stamped_at(new_stamp("link", now=NOW), "link") == NOW
    assert found(aged()) == Finding.FINE


def test_a_stamp_says_nothing_but_a_moment_and_chance():
    first, second = new_stamp("link", now=NOW), new_stamp("link", now=NOW)
    assert first != second
    assert first.split("-")[0] == second.split("-")[0]


@pytest.mark.parametrize(
    "stamp",
    ["", "x", "0-x-y", aged(form="register/webinar"), aged()[:-1], aged()[:-4] + "AAAA", "1" + aged(), aged() + "\n"],
)
def test_what_was_not_made_for_this_form_counts_for_nothing(stamp):
    assert found(stamp) == Finding.OLD


@pytest.mark.parametrize(
    ("age", "finding"),
    [
        (OLDEST, Finding.FINE),
        (OLDEST + SECOND, Finding.OLD),
        (-timedelta(minutes=6), Finding.OLD),
    ],
)
def test_a_page_counts_for_twelve_hours(age, finding):
    assert found(aged(age)) == finding


def test_stamps_outlive_a_change_of_the_secret_key(settings):
    stamp, former = aged(), settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key " * 5, [former]
    assert found(stamp) == Finding.FINE
    settings.SECRET_KEY_FALLBACKS = []
    assert found(stamp) == Finding.OLD


def test_what_nobody_sees_is_a_trap_for_programs(caplog):
    caplog.set_level("INFO", logger="portal.forms")
    assert found(aged(), **{TRAP: "https://spam.example"}) == Finding.TRAPPED
    assert "set aside" in caplog.text
    assert not {"spam", "a@example.org", NETWORK} & set(caplog.text.split())


def test_a_few_quick_forms_pass_and_then_the_page_comes_again_until_the_person_is_slower():
    findings = [found(aged(SECOND), email=f"{number}@example.org") for number in range(MOST_HASTY + 2)]
    assert findings == [Finding.FINE] * MOST_HASTY + [Finding.HASTY] * 2
    stamp = aged(SECOND)
    assert [found(stamp, now=NOW + wait) for wait in (0 * SECOND, SECOND)] == [Finding.HASTY, Finding.FINE]
    assert found(aged(SECOND), address="198.51.100.8") == Finding.FINE


def test_quick_forms_at_the_turn_of_an_hour_count_once():
    turn = NOW.replace(hour=11, minute=0, second=0)
    times = [turn - SECOND] * 3 + [turn + SECOND] * 3
    findings = [found(new_stamp("link", now=now), now=now, email=f"{n}@x.org") for n, now in enumerate(times)]
    assert findings.count(Finding.FINE) == MOST_HASTY


def test_one_stamp_is_for_one_form_that_may_come_twice():
    stamp = aged()
    assert [found(stamp) for _ in range(9)] == [Finding.FINE] * 9
    others = [found(stamp, email=f"{number}@example.org") for number in range(9)]
    assert others == [Finding.FINE] * MOST_HASTY + [Finding.HASTY] * (9 - MOST_HASTY)


def test_who_is_asked_once_more_for_a_used_page_gets_a_fresh_stamp_and_passes():
    stamp = aged()
    for number in range(MOST_HASTY + 1):
        found(stamp, email=f"{number}@example.org")
    request = RequestFactory().post("/", {STAMP: stamp, "email": "me@example.org"}, REMOTE_ADDR=NETWORK)
    guard = Guard(request, "link", now=NOW)
    assert judged(guard) == Finding.HASTY
    assert guard.stamp != stamp
    assert found(guard.stamp, now=NOW + 2 * SECOND, email="me@example.org") == Finding.FINE


def test_an_incomplete_form_counts_for_nothing():
    for number in range(200):
        assert found(aged(SECOND), is_complete=False, email=str(number)) == Finding.FINE
    assert found(aged(SECOND)) == Finding.FINE


def test_so_many_an_hour_pass_from_one_network_and_no_more():
    findings = [found(aged(), email=f"{number}@example.org") for number in range(62)]
    assert findings == [Finding.FINE] * 60 + [Finding.CROWDED] * 2
    assert found(aged(form="register/a"), form="register/a") == Finding.FINE
    later = NOW.replace(hour=11, minute=0)
    assert found(new_stamp("link", now=later - SECOND * 9), now=later, email="last@example.org") == Finding.FINE


def test_a_form_with_files_counts_before_anybody_looks_into_it_and_once():
    for number in range(60):
        file = SimpleUploadedFile("a.pdf", b"%PDF-")
        assert found(aged(), is_complete=bool(number % 2), email=f"{number}@example.org", file=file) == Finding.FINE
    request = RequestFactory().post("/", {STAMP: aged(), "file": SimpleUploadedFile("a.pdf", b"")}, REMOTE_ADDR=NETWORK)
    assert Guard(request, "link", now=NOW).judge_first() == Finding.CROWDED


def test_who_waits_is_told_how_long():
    request = RequestFactory().post("/", {})
    notice = Guard(request, "link", now=NOW).notice(Finding.CROWDED, has_files=True)
    assert (notice.status, notice.retry_after) == (429, 40 * 60)
    assert "in 40 minutes. Files have to be chosen again." in notice.text


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_a_network_is_an_address_or_the_64_of_a_newer_one(address, network):
    assert limits.network_of(address) == network


def test_while_the_cache_is_away_everything_goes_on_and_one_line_says_so(monkeypatch, caplog):
    asked = []

    def away(*args, **kwargs):
        asked.append(args)
        raise CacheAway

    for name in ("add", "get", "incr"):
        monkeypatch.setattr(f"ranportal.shared.limits.cache.{name}", away)
    findings = [found(aged(SECOND), email=f"{number}@example.org") for number in range(100)]
    assert findings == [Finding.FINE] * 100
    assert len(asked) == 1
    assert caplog.text.count("The cache does not answer") == 1


def test_what_the_cache_holds_names_no_network(monkeypatch):
    keys = []
    monkeypatch.setattr("ranportal.shared.limits.cache.add", lambda key, value, timeout: keys.append((key, value)))
    monkeypatch.setattr("ranportal.shared.limits.cache.incr", lambda key: 1)
    found(aged())
    assert keys
    assert NETWORK not in str(keys)
    assert "example.org" not in str(keys)
