"""Masking: what people are called, what others call their organisation, and names that are also words."""

import pytest

from registrations.masking import MASK, Applicant, Masker
from registrations.masking.affiliation import own_domain


def masked(text, **changes):
    person = {
        "given_name": "Benjamin",
        "family_name": "Kovács",
        "display_name": "Psychologist, Latvia",
        "email": "x1@example.org",
        "organisation": "",
    }
    return Masker(Applicant(**{**person, **changes})).mask(text)


@pytest.mark.parametrize(
    ("display_name", "text", "left"),
    [
        ("Ben Young", "I'm Ben.", f"I'm {MASK}."),
        ("Ben Young", "Signed: Ben Y.", f"Signed: {MASK}"),
        ("Ben Young", "Young and old", f"{MASK} and old"),
        ("Ben", "Ben's team", f"{MASK}'s team"),
        ("Ben", "Bens Team", f"{MASK} Team"),
        ("Tom", "Yours, Tom", f"Yours, {MASK}"),
        ("Sam K.", "Sam here", f"{MASK} here"),
        ("Max", "MAX", MASK),
        ("Al", "Al agrees", f"{MASK} agrees"),
        ("Bo", "Bo agrees", f"{MASK} agrees"),
        ("Tom, Latvia", "Tom agrees", f"{MASK} agrees"),
        ("ben young", "Ben agrees", f"{MASK} agrees"),
        ("Bücher", "buecher agrees", f"{MASK} agrees"),
        ("Georgia", "Georgia agrees", f"{MASK} agrees"),
        ("Jordan", "Jordan agrees", f"{MASK} agrees"),
    ],
)
def test_what_somebody_is_called_is_masked(display_name, text, left):
    assert masked(text, display_name=display_name) == left


@pytest.mark.parametrize(
    ("display_name", "text"),
    [
        ("Ben Young", "The young do not ben."),
        ("Psychologist, Latvia", "Psychologists of Latvia. Psychologist I am, and Latvia is small."),
        ("Nurse, Canada", "Canada trains nurses. Nurse or not."),
        ("Youth worker, United Kingdom", "Youth and a Worker in the United States."),
        ("Head of the unit, France", "The unit. Of course. Head first. Unit by unit."),
        ("Psychology, Belgium", "Psychology helps."),
        ("German police officer", "German is spoken, by Officer and Police."),
        ("Mr K of an NGO", "An NGO. Mr Smith. Of course."),
    ],
)
def test_words_of_a_role_and_of_a_country_stay(display_name, text):
    assert masked(text, display_name=display_name) == text


@pytest.mark.parametrize(
    ("organisation", "called"),
    [
        ("Service pénitentiaire d'insertion et de probation", "SPIP"),
        ("Direction de l'administration pénitentiaire", "DAP"),
        ("Bundesamt für Migration und Flüchtlinge", "BMF"),
        ("Bundesamt für Migration und Flüchtlinge", "BFMUF"),
        ("Sicherheit und Prävention der Stadt", "SPS"),
        ("Raad van de Kinderbescherming en Jeugd", "RKJ"),
        ("Centro d'igiene e salute", "CIS"),
        ("Ośrodek Wsparcia i Terapii w Gdyni", "OWTG"),
        ("Centre of Expertise for Resocialisation", "CER"),
    ],
)
def test_an_organisation_is_known_by_its_first_letters_in_any_language(organisation, called):
    assert masked(f"At {called} we", organisation=organisation) == f"At {MASK} we"


def test_first_letters_count_in_capitals_only():
    assert (
        masked("the spip of it", organisation="Service pénitentiaire d'insertion et de probation") == "the spip of it"
    )


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("Wolf", "Wolf"),
        ("Wolf", "Wolfs"),
        ("Wolf", "Wolfem"),
        ("Wolf", "Wolfovi"),
        ("Wolf", "Wolfová"),
        ("Mark", "Marka"),
        ("Mark", "Marks"),
        ("Young", "Youngs"),
        ("Virtanen", "Virtasen"),
        ("Virtanen", "Virtaselle"),
        ("Virtanen", "virtasesta"),
        ("Salonen", "Salosta"),
    ],
)
def test_names_that_are_words_and_finnish_ones_are_found_with_an_ending(name, form):
    assert masked(f"Ask {form} today", family_name=name) == f"Ask {MASK} today"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Wolf", "The wolfs and a wolfa"),
        ("Mark", "Markets and Marking; a mark, two marks"),
        ("Will", "Willing or not, it will be"),
        ("Young", "Younger people and the young"),
        ("Work", "Workers and Workshops"),
        ("Virtanen", "Virtual visits"),
    ],
)
def test_other_words_that_begin_like_a_name_stay(name, text):
    assert masked(text, family_name=name) == text


def test_a_form_that_is_a_common_word_itself_stays():
    assert masked("New needs, a New Year", family_name="New", given_name="Need") == f"{MASK} needs, a {MASK} Year"
    assert masked("Als es begann", given_name="Al") == "Als es begann"


PROVIDERS = ("hotmail.se", "live.se", "telia.com", "chello.at", "aon.at", "arcor.de", "alice.it", "otenet.gr")


@pytest.mark.parametrize("domain", PROVIDERS)
def test_anybody_has_a_mailbox_at_the_well_known_providers(domain):
    assert own_domain(f"somebody@{domain}") == ""
