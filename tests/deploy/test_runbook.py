"""The runbook tells of what is there: its commands, files, settings and recipes work."""

import os
import pwd
import re
import shlex
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import call_command, get_commands

from dev.setup import ROOT
from events.models import Call, Event
from tests.architecture.house import tree
from tests.architecture.test_docs import missing_paths
from tests.architecture.test_settings import variables
from tests.deploy import declared
from tests.factories import CallFactory

RUNBOOK = (declared.DEPLOY / "RUNBOOK.md").read_text("utf-8")

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"(?:manage\.py|deploy/manage|run --rm manage) ([a-z_]+)")
_LINK = re.compile(r"\]\(#([\w-]+)\)")
_OF_SHELLS = {"PROXY_TLS", "RANPORTAL_ENV", "RANPORTAL_USER", "RANPORTAL_VERSION", "SITE_ADDRESS", "WEB_BIND"}
_PLACES = {"ADDRESS_OF_THE_CODE"}
_OF_THE_MACHINE = {"caddy"}


def section(title: str) -> str:
    """What stands under a heading of the second level."""
    return RUNBOOK.split(f"\n## {title}\n")[1].split("\n## ")[0]


def blocks(text: str, language: str = "sh") -> list[str]:
    """The blocks of code of one language."""
    return [code for found, code in _BLOCK.findall(text) if found == language]


def unknown_commands(text: str) -> list[str]:
    """The management commands that a text names and that do not exist."""
    return sorted(set(_COMMAND.findall(text)) - set(get_commands()))


def unknown_settings(text: str) -> list[str]:
    """The words that look like a setting and are none."""
    names = set(re.findall(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b", text))
    known = variables(tree(ROOT / "ranportal" / "settings.py")) | _OF_SHELLS | _PLACES
    return sorted(name for name in names if name.removesuffix("_FILE") not in known)


def test_each_command_exists():
    assert len(set(_COMMAND.findall(RUNBOOK))) > 8
    assert unknown_commands(RUNBOOK) == []


def test_a_command_that_is_gone_is_found():
    assert unknown_commands("run `manage.py stop_mail` and deploy/manage migrate") == ["stop_mail"]


def test_each_setting_exists():
    assert unknown_settings(RUNBOOK) == []


def test_a_setting_that_is_gone_is_found():
    assert unknown_settings("put `SITE_URL` and `OLD_URL` right") == ["OLD_URL"]


def test_each_named_file_is_there():
    named = [
        name
        for name in missing_paths(RUNBOOK, ROOT)
        if not name.startswith(("healthz/", "secrets/", "deploy/.env", "PREFIX/"))
    ]

    assert named == []
    for folder in re.findall(r"--kustomize (\S+)", RUNBOOK):
        assert (ROOT / folder / "kustomization.yaml").exists()


def test_each_link_leads_to_a_heading():
    headings = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ")).lower().replace(" ", "-")
        for line in RUNBOOK.splitlines()
        if line.startswith("## ")
    }

    assert set(_LINK.findall(RUNBOOK)) <= headings


def test_every_recipe_says_how_to_see_it_and_when_it_is_over():
    titles = re.findall(r"^## (.+)$", RUNBOOK, re.MULTILINE)
    recipes = titles[titles.index("Mail is not going out") : titles.index("What tells you that all is well")]

    assert {"Broker lost", "Deadline moved by mistake", "An event must be hidden at once"} <= set(recipes)
    for title in recipes:
        assert "*You see it*" in section(title), title
        assert "*You know that it is over*" in section(title), title
    for title in ("Upgrade", "Rotate secrets"):
        assert "*You know that it is over*" in section(title)


@pytest.mark.parametrize("code", blocks(RUNBOOK))
def test_each_block_is_read_by_a_shell(code):
    done = subprocess.run(["sh", "-n", "-c", code], capture_output=True, text=True, timeout=20, check=False)

    assert done.stderr == ""


def services(text: str) -> set[str]:
    """The systemd services that a text starts, stops or enables."""
    lines = re.findall(r"^systemctl (?:restart|start|stop|enable --now) (.+)$", text, re.MULTILINE)
    return {name for line in lines for name in line.split()}


def test_each_service_has_its_unit():
    units = {path.name.removesuffix(".service") for path in (declared.DEPLOY / "systemd").iterdir()}

    assert services(RUNBOOK) - _OF_THE_MACHINE == units


def test_the_units_start_the_programs_as_everywhere_and_give_them_as_long_to_end():
    for name, container in declared.compose_containers().items():
        if name == "migrate":
            continue
        unit = (declared.DEPLOY / "systemd" / f"ranportal-{name}.service").read_text("utf-8")
        (start,) = re.findall(r"^ExecStart=/opt/ranportal/\.venv/bin/(.+)$", unit, re.MULTILINE)
        moved = {"${WEB_BIND}": "0.0.0.0:8000", "/var/lib/ranportal/beat": "/tmp/beat"}
        assert [moved.get(word, word) for word in start.split()] == list(container.command)
        assert f"TimeoutStopSec={container.grace}\n" in unit
        for line in ("ProtectSystem=strict", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "KillMode=mixed"):
            assert f"\n{line}\n" in unit


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    """The file of settings, made by the runbook's own commands."""
    (code,) = [block for block in blocks(section("Install (a): a machine of your own")) if "ADDRESS_KEY" in block]
    file = tmp_path / "ranportal.env"
    code = code.replace("/etc/ranportal.env", str(file)).replace("--owner root --group ranportal ", "")
    subprocess.run(["sh", "-e", "-c", code], check=True, timeout=60)
    return file


def manage(settings_file: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A management command by deploy/manage, with these settings and nothing else, under the account of the tests."""
    account = pwd.getpwuid(os.getuid()).pw_name
    return subprocess.run(
        [declared.DEPLOY / "manage", *command],
        env={"PATH": "/usr/bin:/bin", "RANPORTAL_ENV": str(settings_file), "RANPORTAL_USER": account},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_settings_of_the_runbook_pass_the_deployment_check(settings_file):
    assert settings_file.stat().st_mode & 0o007 == 0

    done = manage(settings_file, "check", "--deploy", "--fail-level", "WARNING")

    assert (done.returncode, done.stderr) == (0, "")


def test_without_tls_they_pass_it_too_and_it_is_said(settings_file):
    text = settings_file.read_text().replace("SITE_URL=https://", "SITE_URL=http://")
    settings_file.write_text(text + "PLAIN_HTTP=1\n")

    done = manage(settings_file, "check", "--deploy", "--fail-level", "WARNING")

    assert done.returncode == 0
    assert "PLAIN_HTTP=1" in done.stderr


@pytest.mark.parametrize("quote", ["", '"', "'"])
def test_a_setting_is_read_to_its_last_character_as_systemd_reads_it(settings_file, quote):
    value = "smtp://sender:a$1word&b#c;d@mail.example.org:25"
    text = re.sub(r"^EMAIL_URL=.*$", "", settings_file.read_text(), flags=re.MULTILINE)
    settings_file.write_text(f"# A comment\n; and another\nno setting at all\n{text}EMAIL_URL={quote}{value}{quote}")

    done = manage(settings_file, "shell", "--verbosity=0", "--command", "import os; print(os.environ['EMAIL_URL'])")

    assert (done.stdout, done.stderr) == (f"{value}\n", "")


def test_the_settings_without_their_key_are_refused(settings_file):
    settings_file.write_text(re.sub(r"^SECRET_KEY=.*\n", "", settings_file.read_text(), flags=re.MULTILINE))

    assert "SECRET_KEY is missing" in manage(settings_file, "check").stderr


def commands(title: str) -> list[list[str]]:
    """The words of each command of the portal in a recipe."""
    return [shlex.split(code)[1:] for code in blocks(section(title)) if code.startswith("manage.py ")]


def test_the_recipe_puts_a_deadline_back_and_leaves_its_trace(db):
    call = CallFactory(event__slug="SLUG")

    for command in commands("Deadline moved by mistake"):
        call_command(*command)

    call = Call.objects.get()
    assert (call.closes_at, call.closes_on) == (datetime(2026, 9, 6, 15, tzinfo=UTC), None)
    assert [move.history_change_reason for move in call.history.all()[:2]] == ["The extension was for another call"] * 2


def test_the_recipe_hides_an_event(db):
    CallFactory(event__slug="SLUG")

    (command,) = commands("An event must be hidden at once")
    call_command(*command)

    assert Event.objects.get().is_hidden
