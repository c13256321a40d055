"""Keys and what is made with them."""

import re

import pytest

from ranportal.shared import crypto


def test_each_purpose_has_its_own_key():
    assert crypto.derived_key("one") != crypto.derived_key("two")
    assert len(crypto.derived_key("one")) == 32


def test_a_key_follows_its_secret(settings):
    before = crypto.derived_key("one")
    settings.SECRET_KEY = "another-secret-" * 5
    assert crypto.derived_key("one") != before


def test_the_derivation_never_changes():
    assert (
        crypto.derived_key("links", "secret").hex()
        == "de04160b4c91e015e3c8036410e4aef7d36bc961ede9bb90e0c374636854906f"
    )


def test_a_digest_is_found_again_and_differs_by_purpose():
    assert crypto.keyed_digest("address", "ann@example.org") == crypto.keyed_digest("address", "ann@example.org")
    assert crypto.keyed_digest("address", "ann@example.org") != crypto.keyed_digest("other", "ann@example.org")


def test_with_an_address_key_digests_survive_a_new_secret(settings):
    settings.ADDRESS_KEY = "kept-for-years-" * 4
    before = crypto.keyed_digest("address", "ann@example.org")
    settings.SECRET_KEY = "another-secret-" * 5
    assert crypto.keyed_digest("address", "ann@example.org") == before


def mac(link_id: str = "7", version: int = 1, purpose: str = "link") -> str:
    return crypto.link_mac(purpose, link_id, version, crypto.derived_key(purpose))


def test_a_link_is_long_and_fits_an_address():
    assert re.fullmatch(r"[A-Za-z0-9_-]{27}", mac())


def test_a_link_opens_only_what_it_was_made_for():
    assert crypto.is_link_mac(mac(), purpose="link", link_id="7", version=1)
    assert not crypto.is_link_mac(mac(), purpose="link", link_id="8", version=1)
    assert not crypto.is_link_mac(mac(), purpose="link", link_id="7", version=2)
    assert not crypto.is_link_mac(mac(), purpose="other", link_id="7", version=1)


def test_parts_cannot_be_shifted_into_each_other():
    key = crypto.derived_key("link")
    assert crypto.link_mac("link", "71", 1, key) != crypto.link_mac("link", "7", 11, key)


@pytest.mark.parametrize("forged", ["", "a", "ä" * 27, "\udcff", mac.__name__ * 9])
def test_a_forged_link_is_only_wrong(forged):
    assert not crypto.is_link_mac(forged, purpose="link", link_id="7", version=1)


def test_links_outlive_a_rotation_until_the_old_key_is_removed(settings):
    old = mac()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-secret-" * 5
    assert crypto.is_link_mac(old, purpose="link", link_id="7", version=1)
    settings.SECRET_KEY_FALLBACKS = []
    assert not crypto.is_link_mac(old, purpose="link", link_id="7", version=1)
