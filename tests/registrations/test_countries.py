"""The list of countries against one that others keep."""

from importlib.resources import files

from registrations.countries import COUNTRIES, COUNTRY_CHOICES, country_name


def test_the_codes_are_those_of_iso_3166_and_kosovo() -> None:
    lines = files("tzdata").joinpath("zoneinfo/iso3166.tab").read_text(encoding="utf-8").splitlines()

    assert set(COUNTRIES) == {line[:2] for line in lines if not line.startswith("#")} | {"XK"}


def test_countries_are_chosen_by_name_in_alphabetical_order() -> None:
    names = [name for _, name in COUNTRY_CHOICES]

    assert names[:3] == ["Afghanistan", "Åland Islands", "Albania"]
    assert len(set(names)) == len(names)


def test_a_code_that_nobody_knows_is_its_own_name() -> None:
    assert (country_name("LV"), country_name("ZZ")) == ("Latvia", "ZZ")
