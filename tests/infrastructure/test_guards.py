"""The guards of the suite, each with what it must catch."""

import socket

import pytest
from django.contrib.auth.models import Group
from django.template import engines
from django.test import override_settings

from accounts.enums import Role
from tests import skips, template_variables


def test_another_machine_cannot_be_reached():
    with socket.socket() as client, pytest.raises(RuntimeError, match=r"192\.0\.2\.1"):
        client.connect(("192.0.2.1", 80))


def test_this_machine_can_be_reached():
    server = socket.create_server(("127.0.0.1", 0))
    with server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


@pytest.fixture
def our_template(tmp_path, monkeypatch):
    def render(text: str) -> str:
        path = tmp_path / "page.html"
        path.write_text(text)
        engine = engines["django"].engine
        monkeypatch.setattr(engine, "dirs", [tmp_path])
        for loader in engine.template_loaders:
            loader.reset()
        with override_settings(BASE_DIR=tmp_path):
            return engine.render_to_string("page.html", {"known": "value"})

    return render


def test_an_undefined_variable_in_a_template_of_ours_is_an_error(our_template):
    with pytest.raises(template_variables.UndefinedVariable, match="unknown"):
        our_template("{{ unknown }}")


def test_a_defined_variable_is_shown(our_template):
    assert our_template("{{ known }}{% if unknown %}never{% endif %}") == "value"


def test_an_undefined_variable_in_a_template_of_others_is_empty():
    template = engines["django"].from_string("[{{ unknown }}]")
    assert template.render({}) == "[]"


def test_a_skipped_test_becomes_a_failure():
    report = pytest.TestReport("tests/x.py::y", ("x", 1, "y"), {}, "skipped", "no reason", "call")
    skips.refuse(report)
    assert report.failed


def test_a_listed_skip_needs_its_reason():
    text = "# heading\ntests/a.py::b  # needs a printer\ntests/c.py::d\n"
    assert skips.allowed(text) == {"tests/a.py::b"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", ["first", "second"])
def test_who_commits_for_real_finds_the_rows_of_the_migrations_again(turn):
    assert Group.objects.count() == len(Role)
    Group.objects.all().delete()


@pytest.mark.parametrize("turn", ["first", "second"])
def test_who_asks_a_running_site_finds_them_too(turn, live_server):
    assert Group.objects.count() == len(Role)
