"""Masking: what gives an applicant away is not readable, and the rest of the text is."""

import pytest

from registrations.masking import MASK, Applicant, Masker, find_passage
from registrations.masking.affiliation import is_one_house, organisation_key, own_domain


def masker(**changes):
    person = {
        "given_name": "Jānis",
        "family_name": "Bērziņš",
        "display_name": "Psychologist, Latvia",
        "email": "janis.berzins@ozolnieki-clinic.lv",
        "organisation": "Ozolnieki Prison Service (OPS)",
    }
    return Masker(Applicant(**{**person, **changes}))


def masked(text, **changes):
    return masker(**changes).mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "Jānis",
        "janis",
        "JĀNIS",
        "Jāņa",
        "Jānim",
        "Bērziņš",
        "berzins",
        "Bērziņa",
        "Bērziņam",
        "Bērziņiem",
        "J. Bērziņš",
        "J.Bērziņš",
        "Bērziņš J.",
        "Bērziņš, J.",
        "J. B.",
        "jberzins",
        "janisberzins",
        "berzins_1985",
        "Be\u0301rzin\u0327s\u030c",
        "Bērz\u00adiņš",
        "Bērz\u200biņš",
        "Берзинс",
        "Ozolnieki",
        "Ozolniekos",
        "Ozolnieki Prison Service",
        "ozolnieki   prison\nservice",
        "OPS",
        "psychologist, latvia",
        "janis.berzins@elsewhere.lv",
        "someone (at) elsewhere [dot] lv",
        "someone at elsewhere dot lv",
        "ozolnieki-clinic.lv",
        "www.ozolnieki-clinic.lv/team",
        "https://somebody:secret@pages.example.com/",
        "https://www.linkedin.com/in/somebody-else",
        "https://pages.example.com/~somebody",
        "https://pages.example.com/news/berzins-speaks",
        "@janisb",
        "+371 29 123 456",
        "29123456",
        "(0)20 7946 0018",
    ],
)
def test_what_gives_the_person_away_is_masked_whole(text):
    assert masked(f"Before {text} after").replace(MASK, "").strip() == "Before  after"


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("Kovács", "Kovácsnak"),
        ("Kovács", "Kovácsékkal"),
        ("Szabó", "Szabóné"),
        ("Novák", "Nováková"),
        ("Novák", "Novákem"),
        ("Kowalski", "Kowalskiego"),
        ("Kowalski", "Kowalska"),
        ("Petrović", "Petrovićem"),
        ("Kazlauskas", "Kazlauskienė"),
        ("Ozols", "Ozolam"),
        ("Ivanov", "Ivanova"),
        ("Marek", "Markiem"),
        ("Müller", "Mueller"),
        ("Mueller", "Müller"),
        ("Łukasz", "Lukasz"),
        ("O'Brien", "O’Brien"),
        ("Papadopoulos", "Παπαδόπουλος"),
        ("van der Berg", "van der Berg"),
        ("Nagy-Kiss", "Kissnek"),
    ],
)
def test_names_are_found_in_their_other_forms(name, form):
    assert masked(f"Ask {form} today", family_name=name) == f"Ask {MASK} today"


ORDINARY = [
    "I work with the police and the prison service in a small city, for example in a health centre.",
    "Since 2015-2020 and until 2023-09-06 we met 1 000 000 people on 12.03.2021, at 10.30, in 120 cases.",
    "See https://ec.europa.eu/home-affairs/networks/radicalisation-awareness-network and our national plan.",
    "January is a good month; the janitor of the berth, the beret and the operation came too.",
    "I. A first point. II. A second point. E.g. this.",
    "Psychologists in Latvia and every psychologist elsewhere.",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_stays_as_it_is(text):
    assert masked(text) == text


@pytest.mark.parametrize(
    "organisation",
    [
        "Police",
        "City Police of the State",
        "Ministry of Justice",
        "Valsts policija",
        "Prison and Probation Service",
        "University Hospital",
        "Centre for Health and Social Work",
    ],
)
def test_common_words_of_an_organisation_blank_no_text(organisation):
    text = "In prison and with the police, the ministry, a university and a hospital, health and social work matter."
    assert masked(text, organisation=organisation) == text


def test_without_the_list_of_common_words_half_the_text_would_be_blank(monkeypatch):
    monkeypatch.setattr("registrations.masking.names.is_common", lambda word: False)
    text = "In prison and with the police, a ministry matters."
    assert masked(text, organisation="Ministry of Justice, Prison and Police").count(MASK) == 3


def test_an_organisation_of_common_words_is_masked_as_a_whole():
    text = "The Ministry of the Interior of Latvia decides; another ministry of the interior does not."
    assert masked(text, organisation="Ministry of the Interior of Latvia").startswith(
        f"The {MASK} decides; another min"
    )


def test_a_name_that_is_an_everyday_word_counts_with_a_capital_only():
    text = "It may be that Will May will come, as May said."
    found = masked(text, given_name="Will", family_name="May", email="x1@example.org")
    assert found == f"It may be that {MASK} will come, as {MASK} said."


def test_a_short_number_is_one_for_the_telephone_where_a_word_says_so():
    assert masked("tel. 291-456, and 291 456 cases") == f"tel. {MASK}, and 291 456 cases"


def test_a_public_mail_provider_is_no_name():
    assert masked("We use gmail and outlook.", email="zz.top@gmail.com") == "We use gmail and outlook."


def test_an_erased_person_leaves_the_text_alone():
    nobody = dict.fromkeys(("given_name", "family_name", "display_name", "email", "organisation"), "")
    assert masked("A text as any other.", **nobody) == "A text as any other."


def test_names_beside_each_other_are_one_mask_so_that_nobody_counts_them():
    assert masked("I, Jānis Bērziņš, agree.") == f"I, {MASK}, agree."


def test_a_passage_is_hidden_whatever_its_case_accents_and_white_space():
    hidden = masker().mask("I led the Rēzekne\n  pilot in spring.", passages=["the rezekne PILOT"])
    assert hidden == f"I led {MASK} in spring."


def test_a_passage_that_is_gone_is_found_nowhere():
    assert find_passage("I led the pilot.", "The  Pilot") == [(6, 15)]
    assert find_passage("I led the project.", "the pilot") == []
    assert find_passage("I led the project.", "  ") == []


def test_a_passage_with_signs_of_patterns_is_plain_text():
    assert masker().mask("Costs (about) 5.0*", passages=["(about) 5.0*"]) == f"Costs {MASK}"


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({"organisation": "The Riga Clinic"}, {"organisation": "RĪGA  clinic."}),
        ({"email": "a@clinic.lv"}, {"email": "b@CLINIC.lv"}),
        ({"email": "a@mail.clinic.lv"}, {"email": "b@clinic.lv"}),
    ],
)
def test_the_same_organisation_or_domain_is_one_house(mine, theirs):
    assert _one_house(mine, theirs)


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({}, {}),
        ({"organisation": "Riga Clinic"}, {"organisation": "Ghent Clinic"}),
        ({"email": "a@gmail.com"}, {"email": "b@gmail.com"}),
        ({"email": "a@example.org"}, {"email": "b@example.org"}),
        ({"organisation": "none"}, {"organisation": "None"}),
        ({"email": "a@clinic.lv"}, {"email": "b@otherclinic.lv"}),
    ],
)
def test_others_are_not(mine, theirs):
    assert not _one_house(mine, theirs)


def _one_house(mine, theirs):
    return is_one_house(
        organisation=mine.get("organisation", ""),
        email=mine.get("email", ""),
        other_organisation=theirs.get("organisation", ""),
        other_email=theirs.get("email", ""),
    )


def test_who_tells_the_organisation_by_telephone_has_none_here():
    assert organisation_key("I prefer to tell you by telephone.") == ""
    assert own_domain("somebody@Clinic.LV.") == "clinic.lv"
