"""The command from outside: on a file without any database, and on a call."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from registrations.models import Proposal
from tests.factories import CallFactory, PinFactory, RegistrationFactory, SelectionRuleFactory

ROOT = Path(__file__).parents[3]
DOCUMENT = {
    "capacity": 2,
    "seed": 7,
    "reserves": 1,
    "applicants": [
        {"id": "a1", "score": 7.5, "country": "FR", "profession": "police", "first_time": True, "pin": None},
        {"id": "a2", "score": 9, "country": "FR", "profession": "health", "first_time": False, "pin": None},
        {"id": "a3", "score": -1, "country": "LV", "profession": "health", "first_time": True, "pin": None},
        {"id": "a4", "score": 1, "country": "DE", "profession": "health", "first_time": True, "pin": "out"},
    ],
    "rules": [
        {"attribute": "country", "value": "*", "max": 1},
        {"attribute": "profession", "value": "police", "min": 2, "weight": 2},
    ],
}


def run(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own, where no database can be reached."""
    environ = os.environ | {"DATABASE_URL": "postgres://nobody:none@127.0.0.1:1/nothing"}
    command = [sys.executable, "manage.py", "propose_selection", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environ, input=given, capture_output=True, timeout=60)


def test_a_file_is_answered_in_json_without_a_database(tmp_path: Path) -> None:
    file = tmp_path / "asked.json"
    file.write_text(json.dumps(DOCUMENT, indent=4))
    ended = run("--input", str(file), "--json")
    told = json.loads(ended.stdout)

    assert (ended.returncode, ended.stderr) == (0, b"")
    assert told["input_sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert told["solver"].startswith("HiGHS 1.15.")
    assert told["rules_version"].startswith("r-")
    assert {key: told[key] for key in ("selected", "reserve", "unmet", "objective", "optimal", "gap", "seed")} == {
        "selected": ["a1", "a3"],
        "reserve": [],
        "unmet": [{"attribute": "profession", "value": "police", "min": 2, "got": 1}],
        "objective": {"shortfall": 2, "places": 2, "score": 6.5},
        "optimal": True,
        "gap": 0,
        "seed": 7,
    }
    assert told["reasons"] == {
        "a1": "2nd by score; needed for at least 2 for police",
        "a2": ("not proposed: 1 of 1 place for FR taken: 1 with lower score needed for at least 2 for police"),
        "a3": "4th by score",
        "a4": "not proposed: pinned out",
    }


def test_standard_input_and_a_seed_do_as_well() -> None:
    first, second = (run("--input", name, "--json", "--seed", "9", given=_encoded(DOCUMENT)) for name in _STDIN)

    assert first.stdout == second.stdout
    assert json.loads(first.stdout)["seed"] == 9


def test_people_are_told_in_lines() -> None:
    ended = run("--input", "-", given=_encoded(DOCUMENT))

    assert ended.stdout.decode().splitlines()[:4] == [
        "2 of 2 places, total score 6.5, proven to be the best",
        "Proposed:",
        "  1. a1: 2nd by score; needed for at least 2 for police",
        "  2. a3: 4th by score",
    ]
    assert b"Cannot hold: at least 2 for police (only 1 applied)" in ended.stdout


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"capacity": -3}, "capacity is not a whole number"),
        ({"applicants": [{"id": "a", "score": "high"}]}, "applicants[0].score is not a number"),
        (
            {"applicants": [{"id": f"a{n}", "score": 1, "country": "FR", "pin": "in"} for n in range(2)]},
            "These cannot hold together: at most 1 for FR, and pinned in: a0, a1.",
        ),
        (
            {"applicants": [{"id": f"a{n}", "score": 1, "pin": "in"} for n in range(3)]},
            "These cannot hold together: there are 2 places, and pinned in: a0, a1, a2.",
        ),
    ],
)
def test_a_mistake_or_a_contradiction_is_one_line_and_a_failure(changes: dict[str, Any], words: str) -> None:
    ended = run("--input", "-", "--json", given=_encoded(DOCUMENT | changes))

    assert ended.returncode != 0
    assert ended.stdout == b""
    assert len(ended.stderr.splitlines()) == 1
    assert words in ended.stderr.decode()


def test_a_file_that_is_not_there_is_one_line_and_a_failure() -> None:
    ended = run("--input", "/nowhere/asked.json")

    assert (ended.returncode, ended.stdout) == (1, b"")
    assert ended.stderr.decode().strip() == "CommandError: /nowhere/asked.json: No such file or directory"


@pytest.mark.parametrize("arguments", [(), ("a-call", "--input", "-")])
def test_either_a_call_or_a_file_is_asked_about(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).returncode != 0


@pytest.mark.django_db
def test_a_call_is_proposed_for_stored_and_repeated_from_its_written_input(tmp_path: Path, capsys: Any) -> None:
    call = CallFactory.create(selective=True, capacity=1)
    for score in (50, 50, 50):
        RegistrationFactory.create(call=call, submitted=True, score=score)
    SelectionRuleFactory.create(call=call)
    file = tmp_path / "input.json"
    call_command("propose_selection", call.event.slug, "--json", "--seed", "3", "--write-input", str(file))
    told = json.loads(capsys.readouterr().out)
    again = json.loads(run("--input", str(file), "--json").stdout)

    made = Proposal.objects.get()
    assert (made.made_by, made.seed, made.lines.count()) == (None, 3, 3)
    assert file.stat().st_mode & 0o777 == 0o600
    assert hashlib.sha256(file.read_bytes()).hexdigest() == made.input_sha256 == told["input_sha256"]
    assert {key: told[key] for key in again} == again


@pytest.mark.django_db
def test_a_call_that_is_not_there_or_contradicts_stores_nothing(capsys: Any) -> None:
    pin = PinFactory.create(registration__call=CallFactory.create(selective=True, capacity=1))
    PinFactory.create(registration__call=pin.registration.call)

    with pytest.raises(CommandError, match="There is no call for an event “nowhere”"):
        call_command("propose_selection", "nowhere")
    with pytest.raises(CommandError, match="there is 1 place, and pinned in"):
        call_command("propose_selection", pin.registration.call.event.slug)

    assert not Proposal.objects.exists()


_STDIN = ("-", "/dev/stdin")


def _encoded(asked: dict[str, Any]) -> bytes:
    return json.dumps(asked).encode()
