"""Pictures of numbers: well-formed, escaped, with all numbers in words, nothing that the page's policy forbids."""

from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registrations.enums import State
from registrations.models import CallNumbers
from registrations.pictures import Bar, bars, line
from tests.factories import RegistrationFactory
from tests.registrations.people_story import application, call_page, signed_in, story

SVG = "{http://www.w3.org/2000/svg}"
DAY = date(2026, 9, 1)
DAYS = [(DAY + timedelta(days=number), total) for number, total in enumerate((2, 2, 5, 9, 20))]


def _tree(picture: str) -> ElementTree.Element:
    return ElementTree.fromstring(picture)


def _words(picture: str) -> str:
    return " ".join(element.text or "" for element in _tree(picture).iter() if element.tag in (f"{SVG}text",))


def test_bars_say_each_number_in_the_picture_and_in_words():
    picture = bars([Bar("France", 12), Bar("Latvia", 3, "(25 %)")], name="country", title="By country")
    tree = _tree(picture)

    assert tree.get("role") == "img"
    assert tree.find(f"{SVG}title").text == "By country"
    assert tree.find(f"{SVG}desc").text == "France: 12; Latvia: 3 (25 %)"
    assert tree.get("aria-labelledby") == "country-title country-words"
    widths = [float(bar.get("width")) for bar in tree.iter(f"{SVG}rect")]
    assert widths[0] == pytest.approx(4 * widths[1])
    assert "12" in _words(picture)


def test_what_stands_behind_the_longest_bar_has_room():
    tree = _tree(bars([Bar("Form sent", 10_000, "(100 %)"), Bar("Took part", 25, "(0 %)")], name="n", title="T"))
    words = [text for text in tree.iter(f"{SVG}text") if text.text == "10000 (100 %)"]
    assert float(words[0].get("x")) + 6 * len(words[0].text) <= 340


def test_a_line_ends_at_the_sum_and_marks_the_deadline():
    tree = _tree(line(DAYS, deadline=DAYS[-1][0], name="time", title="Over time"))
    points = [tuple(map(float, point.split(","))) for point in tree.find(f"{SVG}polyline").get("points").split()]

    assert len(points) == 6
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)
    assert tree.find(f"{SVG}desc").text == (
        "20 from 1 Sep 2026 to 5 Sep 2026; half of them had come by 5 Sep 2026. Deadline: 5 Sep 2026."
    )
    marked = next(one for one in tree.iter(f"{SVG}line") if one.get("class") == "picture-deadline")
    assert float(marked.get("x1")) == points[-1][0]


def test_a_deadline_ahead_leaves_the_line_short():
    tree = _tree(line(DAYS, deadline=DAY + timedelta(days=30), name="time", title="Over time"))
    last = tree.find(f"{SVG}polyline").get("points").split()[-1]
    marked = next(one for one in tree.iter(f"{SVG}line") if one.get("class") == "picture-deadline")
    assert float(last.split(",")[0]) < float(marked.get("x1"))


@pytest.mark.parametrize("picture", [bars([], name="n", title="T"), line([], deadline=DAY, name="n", title="T")])
def test_without_numbers_the_picture_says_so(picture):
    assert "No numbers yet" in _tree(picture).find(f"{SVG}desc").text


def test_all_zeros_can_be_drawn():
    assert 'width="0.0"' in bars([Bar("Took part", 0)], name="n", title="T")
    assert _tree(line([(DAY, 0)], deadline=DAY, name="n", title="T")) is not None


def test_what_a_label_holds_is_escaped():
    nasty = "</text><script>alert('x')</script>\"&"
    picture = bars([Bar(nasty, 1)], name="n", title=nasty)

    assert "<script" not in picture
    assert _tree(picture).find(f"{SVG}title").text == nasty


@pytest.mark.parametrize(
    "picture",
    [bars([Bar("A", 1)], name="n", title="T"), line(DAYS, deadline=DAY, name="n", title="T")],
    ids=["bars", "line"],
)
def test_nothing_in_it_needs_more_than_the_page_s_policy_allows(picture):
    attributes = {name for element in _tree(picture).iter() for name in element.attrib}
    assert {"style", "href", "onload"}.isdisjoint(attributes)
    assert not [element for element in _tree(picture).iter() if element.tag.removeprefix(SVG) in ("style", "script")]


@pytest.mark.django_db
def test_the_page_shows_four_pictures_with_their_numbers_as_tables():
    told = story()
    application(told.call)
    RegistrationFactory(call=told.call, state=State.ATTENDED, country="FR")
    page = signed_in(told.organiser).get(call_page(told.call, "pictures/"))
    text = page.content.decode()

    assert page.status_code == 200
    assert text.count('class="picture"') == text.count("<table class=") == 4
    assert "France: 1" in text
    assert "&lt;svg" not in text
    assert '<th scope="row">Took part</th><td>1</td>' in text


@pytest.mark.django_db
def test_the_page_of_a_call_without_people_says_so():
    told = story()
    told.applicant.answers.all().delete()
    told.call.registrations.all().delete()
    page = signed_in(told.organiser).get(call_page(told.call, "pictures/"))
    assert page.content.decode().count("<p>No numbers yet.</p>") == 3


@pytest.mark.django_db
def test_only_those_who_see_the_call_s_people_see_its_pictures():
    told = story()
    address = call_page(told.call, "pictures/")
    assert Client().get(address).status_code == 302
    assert signed_in(told.reviewer).get(address).status_code == 403
    assert signed_in(story(reference="P-2BBBB").organiser).get(address).status_code == 404
    assert signed_in(told.organiser).get(address).status_code == 200


@pytest.mark.django_db
def test_the_number_of_queries_is_the_same_for_one_and_for_many():
    told = story()
    client = signed_in(told.organiser)
    client.get(call_page(told.call, "pictures/"))
    with CaptureQueriesContext(connection) as one:
        client.get(call_page(told.call, "pictures/"))
    for _ in range(3):
        application(told.call)
    with CaptureQueriesContext(connection) as many:
        client.get(call_page(told.call, "pictures/"))
    assert len(one) == len(many) <= 18


@pytest.mark.django_db
def test_of_a_call_whose_people_are_gone_the_page_shows_what_is_kept():
    told = story()
    told.call.registrations.all().delete()
    CallNumbers.objects.create(
        call=told.call, counts={"applied": 20, "selected": 12, "attended": None}, counted_at=told.call.closes_at
    )

    page = signed_in(told.organiser).get(call_page(told.call, "pictures/")).content.decode()

    assert "The people of this event are kept no longer." in page
    for words, number in (("Applied", "20"), ("Got a place", "12"), ("Took part", "hidden")):
        assert f'<th scope="row">{words}</th><td>{number}</td>' in page
    assert "No numbers yet." not in page
