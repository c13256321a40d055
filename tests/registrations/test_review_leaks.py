"""Nothing that a reviewer can reach says who an applicant is."""

import pytest

from registrations.masking import MASK, Masker
from registrations.models import Registration, Review
from registrations.services import scoring
from tests import sealed
from tests.registrations.identity_strings import ELSEWHERE, IDENTITY, IN_TEXTS, PASSAGE, PLANTED, crawl, found_in, plant
from tests.registrations.people_story import LIST, REVIEWS, set_clock, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch)


def of(told, page=""):
    return f"{REVIEWS}calls/{told.call.pk}/{told.applicant.reference}/{page}"


def test_there_are_forty_strings_and_each_is_another():
    assert len({string.casefold() for string in PLANTED}) == len(PLANTED) == 40


def test_a_reviewer_finds_none_of_them_on_any_page():
    told = plant()
    pages = crawl(signed_in(told.reviewer), told)
    leaks = {address: found for address, text in pages.items() if (found := found_in([text]))}
    assert leaks == {}
    assert "I work with young people." in pages[of(told)]
    assert f"Strong. {MASK}" in pages[of(told)]


def test_an_organiser_finds_every_one_of_them_so_the_crawler_can_see():
    told = plant()
    pages = crawl(signed_in(told.organiser), told, with_queries=False)
    assert set(PLANTED) - found_in(pages.values()) == set()


def test_without_the_mask_a_reviewer_would_find_what_stands_in_texts(monkeypatch):
    told = plant()
    monkeypatch.setattr(Masker, "mask", lambda masker, text, passages=(): text)
    pages = crawl(signed_in(told.reviewer), told)
    assert found_in(pages.values()) == {*IN_TEXTS, PASSAGE}


@pytest.mark.parametrize("value", [*IN_TEXTS, PASSAGE])
def test_each_string_is_masked_alone(value):
    told = plant()
    sealed.rewrite(told.applicant.answers.filter(question=told.motivation), text=f"Before {value} after")
    text = signed_in(told.reviewer).get(of(told)).content.decode()
    assert found_in([text]) == set()
    assert f"Before {MASK} after" in text


def test_pages_that_refuse_say_nothing_either():
    told = plant()
    client = signed_in(told.reviewer)
    sent = {"comment": "x" * 6000, "sought": "thorne"}
    answers = [
        client.post(of(told), sent),
        client.post(of(told, "conflict/"), {"conflict-comment": "x" * 6000}),
        client.post(of(told, "files/1/")),
        client.post(f"{LIST}calls/{told.call.pk}/find/", sent),
        client.post(f"{LIST}{told.applicant.pk}/act/check/", sent),
        client.post(f"{LIST}{told.applicant.pk}/change/", sent),
    ]
    assert [answer.status_code for answer in answers] == [422, 422, 405, 403, 403, 405]
    assert found_in(answer.content.decode() for answer in answers) == set()


def test_no_question_that_a_reviewer_asks_an_address_tells_right_from_wrong():
    told = plant()
    client = signed_in(told.reviewer)
    for lookup in ("q={}", "identity__family_name={}", "registration__identity__email__startswith={}", "o={}"):
        for page in ("/admin/", REVIEWS, f"{REVIEWS}calls/{told.call.pk}/", of(told), LIST):
            right, wrong = (client.get(f"{page}?{lookup.format(value)}") for value in ("Thorne", "Nobody"))
            assert right.status_code == wrong.status_code, page
            assert _plain(right, "Thorne") == _plain(wrong, "Nobody"), page


def _plain(response, asked):
    lines = response.content.decode().replace(asked, "").splitlines()
    return [line for line in lines if "csrfmiddlewaretoken" not in line and "nonce" not in line]


def test_the_comment_of_another_is_masked_after_one_s_own_score_and_not_shown_before():
    told = plant()
    Review.objects.filter(reviewer=told.reviewer).delete()
    client = signed_in(told.reviewer)
    assert "Strong." not in client.get(of(told)).content.decode()
    client.post(of(told), {f"criterion-{told.criterion.pk}": "3", "comment": ""})
    text = client.get(of(told)).content.decode()
    assert f"Strong. {MASK}" in text
    assert found_in([text]) == set()


def test_the_stored_answer_stays_as_it_was_said():
    told = plant()
    signed_in(told.reviewer).get(of(told))
    assert found_in([told.applicant.answers.get(question=told.motivation).text]) == {*IN_TEXTS, PASSAGE}


def test_scores_do_not_say_how_others_judged_before_one_s_own():
    told = plant()
    Review.objects.filter(reviewer=told.reviewer).delete()
    Review.objects.filter(has_conflict=False).first().scores.create(criterion=told.criterion, value=5)
    scoring.refresh(registrations=[told.applicant.pk])
    Registration.objects.filter(pk=told.applicant.pk, score=100).get()
    pages = crawl(signed_in(told.reviewer), told)
    assert not [address for address, text in pages.items() if "100 %" in text]


def test_every_part_of_the_identity_is_among_the_strings():
    for value in IDENTITY.values():
        words = [word for word in value.replace("-", " ").replace(",", "").split() if word[0].isupper()]
        assert any(word.strip("()") in PLANTED for word in words or [value])
    assert len(ELSEWHERE) == 14
