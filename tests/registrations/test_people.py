"""The same address is recognised however it is typed."""

import pytest

from registrations.people import address_index, canonical_address
from registrations.references import ALPHABET, new_reference


@pytest.mark.parametrize(
    "typed",
    [
        "ana@example.org",
        "  Ana@Example.ORG ",
        "ANA@EXAMPLE.ORG",
        "ana@example.org.",
        "\uff41\uff4e\uff41@example.org",  # full-width letters
    ],
)
def test_an_address_has_one_form(typed):
    assert canonical_address(typed) == "ana@example.org"


def test_a_domain_with_accents_is_its_idna_form():
    assert canonical_address("ana@Bücher.example.org") == "ana@xn--bcher-kva.example.org"
    assert address_index("ana@bücher.example.org") == address_index("ana@XN--BCHER-KVA.example.org")


@pytest.mark.parametrize("other", ["anna@example.org", "ana+x@example.org", "a.na@example.org", "ana@example.com"])
def test_addresses_of_other_mailboxes_stay_apart(other):
    assert address_index(other) != address_index("ana@example.org")


@pytest.mark.parametrize("strange", ["", "@", "no-at-sign", "a@", "a@-.example", "a@" + "x" * 300])
def test_a_strange_address_has_an_index_too(strange):
    assert len(address_index(strange)) == 64


def test_the_index_says_nothing_about_the_address_without_the_key(settings):
    before = address_index("ana@example.org")
    settings.ADDRESS_KEY = "another-key"
    assert address_index("ana@example.org") != before


def test_with_a_key_of_its_own_the_index_outlives_a_new_secret_key(settings):
    settings.ADDRESS_KEY = "kept-for-years"
    before = address_index("ana@example.org")
    settings.SECRET_KEY = "rotated" * 10
    assert address_index("ana@example.org") == before


def test_references_are_random_short_and_without_letters_that_are_misread_or_make_words():
    references = {new_reference() for _ in range(2000)}
    assert len(references) > 1990
    assert all(len(r) == 7 and r.startswith("P-") and set(r[2:]) <= set(ALPHABET) for r in references)
    assert not set(ALPHABET) & set("01AEIOUL")
