"""Signing in through a provider of OpenID Connect: one that this test runs on this machine."""

import time
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import SESSION_KEY
from oidc_provider_mock import User as Person
from oidc_provider_mock import run_server_in_thread
from oidc_provider_mock._storage import AuthorizationCode

from accounts.models import User
from accounts.provided import NotOurs, account_for
from ranportal import env
from tests.factories import NOW, UserFactory
from tests.signing_in import add_app

# What the provider's own libraries are warned of is not ours.
pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
BEGIN, NOT_POSSIBLE = "/accounts/provider/", "/accounts/provider/not-possible/"


def person(sub, email="staff@example.org", is_proven=True, **claims):
    return Person(sub=sub, claims={"email": email, "email_verified": is_proven, "name": "Canary Name", **claims})


PEOPLE = (
    person("one"),
    person("two"),
    person("unproven", is_proven=False),
    person("as-text", is_proven="true"),
    person("stranger", "stranger@example.org"),
    person("capitals", "STAFF@example.org"),
    person("strong", acr="two-factors"),
    person("weak", acr="one-factor"),
)


@pytest.fixture(scope="module")
def issuer():
    with run_server_in_thread(user_claims=PEOPLE) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(autouse=True)
def asked_ago(monkeypatch):
    """How many seconds ago the provider asked this person who it is."""
    ago = {"seconds": 0}
    monkeypatch.setattr(AuthorizationCode, "get_auth_time", lambda code: int(time.time()) - ago["seconds"])
    return ago


@pytest.fixture(autouse=True)
def ready(settings, issuer):
    settings.OIDC_ISSUER = issuer
    settings.SOCIALACCOUNT_PROVIDERS = env.openid_provider(issuer, client_id="portal", secret="s", name="EU Login")


@pytest.fixture
def user():
    return UserFactory(email="staff@example.org", administrator=True)


def begun(client, to="/admin/"):
    """Press the button; returns the provider's address to which the browser is led."""
    return client.post(BEGIN, {"next": to}).headers["Location"]


def answered(address, sub="one"):
    """Sign in there; returns the path to which the provider leads back."""
    back = requests.post(address, data={"sub": sub}, allow_redirects=False, timeout=10).headers["Location"]
    return urlunsplit(("", "", *urlsplit(back)[2:]))


def changed(address, **values):
    parts = urlsplit(address)
    query = {name: found[0] for name, found in parse_qs(parts.query).items()} | values
    return urlunsplit((*parts[:3], urlencode(query), ""))


def is_signed_in(client):
    return SESSION_KEY in client.session


def test_the_button_leads_to_the_provider_and_back_to_where_one_was_going(client, user):
    address = begun(client, to="/admin/accounts/user/")
    asked = parse_qs(urlsplit(address).query)
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    answer = client.get(answered(address))
    assert answer.headers["Location"] == "/admin/accounts/user/"
    assert is_signed_in(client)
    assert client.get("/admin/accounts/user/").status_code == 200


def test_the_sign_in_page_offers_it_and_lets_its_form_lead_there(client, issuer):
    page = client.get("/admin/login/")
    assert "Log in with EU Login" in page.content.decode()
    assert issuer in page.headers["Content-Security-Policy"].partition("form-action")[2].partition(";")[0]


def test_without_a_provider_there_is_no_button_no_way_and_no_wider_policy(client, settings, issuer):
    settings.OIDC_ISSUER = ""
    page = client.get("/admin/login/")
    assert "Log in with" not in page.content.decode()
    assert issuer not in page.headers["Content-Security-Policy"]
    assert client.post(BEGIN).status_code == 404


def test_other_pages_lead_nowhere_else(client, issuer):
    assert issuer not in client.get("/accounts/password/reset/").headers["Content-Security-Policy"]


def test_who_proves_again_is_asked_there_even_with_a_session(client, user):
    assert "prompt" not in parse_qs(urlsplit(begun(client)).query)
    client.get(answered(begun(client)))
    address = begun(client, to="/accounts/password/set/")
    assert parse_qs(urlsplit(address).query)["prompt"] == ["login"]
    assert client.get(answered(address)).headers["Location"] == "/accounts/password/set/"


def test_the_provider_is_asked_for_a_proof_of_the_last_five_minutes(client, user):
    assert parse_qs(urlsplit(begun(client)).query)["max_age"] == ["300"]


@pytest.mark.parametrize("seconds", [0, 300, -30])
def test_a_proof_of_the_last_five_minutes_opens(client, user, asked_ago, seconds):
    asked_ago["seconds"] = seconds
    client.get(answered(begun(client)))
    assert is_signed_in(client)


@pytest.mark.parametrize("seconds", [3600, 400, -3600])
def test_an_old_session_at_the_provider_opens_nothing_and_proves_nothing(client, user, asked_ago, seconds):
    asked_ago["seconds"] = seconds
    assert client.get(answered(begun(client))).headers["Location"] == NOT_POSSIBLE
    assert not is_signed_in(client)


@pytest.mark.parametrize("asked_at", [None, "", "now", True, float("nan"), [NOW.timestamp()]])
def test_a_provider_that_does_not_say_when_it_asked_opens_nothing(user, asked_at):
    said = {"id_token": {"nonce": "n", "sub": "one", "email": user.email, "email_verified": True}}
    said["id_token"]["auth_time"] = NOW.timestamp()
    assert account_for(said, nonce="n", now=NOW) == user
    said["id_token"]["auth_time"] = asked_at
    with pytest.raises(NotOurs):
        account_for(said, nonce="n", now=NOW)


def test_a_forged_state_opens_nothing(client, user):
    client.get(changed(answered(begun(client)), state="forged-by-somebody"))
    assert not is_signed_in(client)


def test_an_answer_that_another_browser_asked_for_opens_nothing(client, user):
    back = answered(begun(client))
    stranger = client.__class__()
    stranger.get(back)
    assert not is_signed_in(stranger)


def test_an_answer_opens_once(client, user):
    back = answered(begun(client))
    client.get(back)
    client.logout()
    client.get(back)
    assert not is_signed_in(client)


def test_a_forged_nonce_opens_nothing(client, user):
    answer = client.get(answered(changed(begun(client), nonce="forged-by-somebody")))
    assert answer.headers["Location"] == NOT_POSSIBLE
    assert not is_signed_in(client)


@pytest.mark.parametrize("sub", ["unproven", "as-text", "stranger"])
def test_an_address_that_is_not_proven_or_not_ours_opens_nothing(client, user, sub):
    answer = client.get(answered(begun(client), sub))
    assert answer.headers["Location"] == NOT_POSSIBLE
    assert not is_signed_in(client)
    assert (User.objects.count(), SocialAccount.objects.count()) == (1, 0)
    assert "Not signed in" in client.get(NOT_POSSIBLE).content.decode()


@pytest.mark.parametrize("closed", ["is_active", "is_staff"])
def test_a_closed_account_stays_closed(client, user, closed):
    User.objects.update(**{closed: False})
    assert client.get(answered(begun(client))).headers["Location"] == NOT_POSSIBLE
    assert not is_signed_in(client)


def test_capitals_are_the_same_address(client, user):
    client.get(answered(begun(client), "capitals"))
    assert is_signed_in(client)


def test_an_address_that_now_belongs_to_somebody_else_there_opens_nothing(client, user):
    client.get(answered(begun(client), "one"))
    assert is_signed_in(client)
    client.logout()
    assert client.get(answered(begun(client), "two")).headers["Location"] == NOT_POSSIBLE
    assert not is_signed_in(client)


def test_what_the_provider_tells_of_a_person_is_not_kept(client, user):
    for _ in range(2):
        client.get(answered(begun(client)))
        client.logout()
    assert SocialAccount.objects.get().extra_data == {}


def test_our_second_factor_is_asked_for_all_the_same(client, user, settings):
    settings.OIDC_STRONG_ACR = ["two-factors"]
    add_app(user)
    assert client.get(answered(begun(client), "weak")).headers["Location"].endswith("/authenticate/")
    assert not is_signed_in(client)


def test_unless_the_provider_says_that_it_has_asked_for_one_and_is_believed(client, user, settings):
    settings.OIDC_STRONG_ACR = ["two-factors"]
    settings.SECOND_FACTOR_REQUIRED = True
    add_app(user)
    client.get(answered(begun(client), "strong"))
    assert is_signed_in(client)
    assert client.get("/admin/accounts/user/").status_code == 200


def test_a_provider_that_is_not_believed_says_it_in_vain(client, user):
    add_app(user)
    client.get(answered(begun(client), "strong"))
    assert not is_signed_in(client)


@pytest.mark.parametrize("target", ["https://evil.example.org/", "//evil.example.org"])
def test_it_leads_to_no_other_site(client, user, target):
    assert client.get(answered(begun(client, to=target))).headers["Location"] == "/admin/"


def test_a_provider_that_is_away_is_said_to_be(client, user, settings):
    settings.SOCIALACCOUNT_PROVIDERS = env.openid_provider(
        "http://localhost:9", client_id="portal", secret="s", name="EU Login"
    )
    assert client.post(BEGIN).headers["Location"] == NOT_POSSIBLE
