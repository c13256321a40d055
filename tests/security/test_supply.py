"""What the portal is built of is known, locked and looked at. Whether it is the newest only a registry knows: that is
asked by `make security`, while `make test` asks nobody outside this machine.
"""

import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from tests.security import history, pins, scope, supply

BIN = Path(sys.executable).parent
CODE = ("ranportal", "accounts", "events", "registrations")


@pytest.mark.parametrize("lock", supply.LOCKS, ids=lambda lock: lock.name)
def test_each_package_is_locked_with_its_hashes(lock):
    text = lock.read_text("utf-8")

    assert supply.unpinned(text) == []
    assert all(pin.hashes for pin in supply.pins(text))
    assert len(list(supply.pins(text))) >= 1


@pytest.mark.parametrize("entry", ["django==5.2.1", "django>=5", "-e .", "https://example.org/a.whl", "--pre"])
def test_an_entry_without_hash_or_pin_is_found(entry):
    assert supply.unpinned(f"a==1 \\\n    --hash=sha256:00\n{entry}\n") == [entry]


def test_reasons_for_old_pins_are_dated_and_not_old_themselves():
    locked = {(pin.name, pin.version) for lock in supply.LOCKS for pin in supply.pins(lock.read_text("utf-8"))}
    excused = supply.exceptions()

    assert {(name, one["version"]) for name, one in excused.items()} <= locked
    assert all(str(one["reason"]).strip() for one in excused.values())
    late = [name for name, one in excused.items() if date.today() - one["since"] > supply.REASON_LASTS]  # noqa: DTZ011
    assert late == []


def test_an_old_pin_without_a_reason_is_found():
    newest, locked = {"django": "5.2.21"}, {"django": {"5.2.19"}}

    assert supply.unexcused(newest, locked, {}) == ["django: locked 5.2.19, newest of its series 5.2.21"]
    assert supply.unexcused(newest, locked, {"django": {"version": "5.2.19"}}) == []
    assert supply.unexcused(newest, locked, {"django": {"version": "5.2.18"}}) != []
    assert supply.unexcused({"django": "5.2.19"}, locked, {}) == []


def test_the_list_of_parts_names_every_package_with_version_and_hash(tmp_path):
    made = tmp_path / "sbom.json"
    command = [BIN / "cyclonedx-py", "requirements", "--output-reproducible", "--of", "JSON", "-o", made]
    subprocess.run([*command, supply.ROOT / "requirements.txt"], check=True, capture_output=True)

    told = json.loads(made.read_text("utf-8"))

    pins = {(pin.name, pin.version) for pin in supply.pins((supply.ROOT / "requirements.txt").read_text("utf-8"))}
    assert told["bomFormat"] == "CycloneDX"
    assert {(supply.named(one["name"]), one["version"]) for one in told["components"]} == pins
    assert all(one["purl"].startswith("pkg:pypi/") for one in told["components"])
    assert all(any(reference.get("hashes") for reference in one["externalReferences"]) for one in told["components"])


#: What bandit asks about, test and file, and the answer. It looks at low severities, too.
EXPLAINED = {
    ("B105", "accounts/adapters.py"): "words on a page",
    ("B105", "ranportal/demo.py"): "the demo's password; production refuses the demo's settings",
    ("B105", "ranportal/settings.py"): "names of classes",
    ("B105", "ranportal/shared/s3.py"): "None: nothing is taken from the environment of the machine",
    ("B105", "registrations/mail/leases.py"): "the type of a column",
    ("B106", "registrations/mail/leases.py"): "an empty lease",
    ("B106", "registrations/mail/outbox.py"): "an empty lease",
    ("B106", "registrations/mail/restored.py"): "an empty lease",
    ("B110", "registrations/mail/delivery.py"): "tried again, and noted, in its own turn",
    ("B308", "ranportal/shared/markdown.py"): "what leaves the sanitiser (test_dangers.py)",
    ("B308", "registrations/admin/outbox.py"): "what leaves the sanitiser (test_dangers.py)",
    ("B308", "registrations/pictures.py"): "labels that the tree has escaped (test_dangers.py)",
    ("B311", "registrations/invented.py"): "made-up people",
    ("B311", "registrations/mail/delivery.py"): "spreads repeats over time",
    ("B311", "registrations/services/seeding.py"): "made-up people",
    ("B404", "ranportal/ecl/assets.py"): "fetches the look at set-up",
    ("B404", "ranportal/shared/cleaning/__init__.py"): "starts the program that looks at files",
    ("B405", "registrations/pictures.py"): "writes XML and reads none",
    ("B603", "ranportal/ecl/assets.py"): "a constant command",
    ("B603", "ranportal/shared/cleaning/__init__.py"): "a program of ours by its full path, without a shell",
    ("B608", "ranportal/shared/keeping/database.py"): "names of tables, quoted, from the database itself",
    ("B608", "ranportal/shared/keeping/postgresql.py"): "names of tables, quoted, from the database itself",
    ("B608", "ranportal/shared/keeping/sqlite.py"): "names of tables, quoted, from the database itself",
    ("B608", "registrations/migrations/0019_access_log.py"): "names of tables and roles from the settings",
    ("B703", "ranportal/shared/markdown.py"): "what leaves the sanitiser (test_dangers.py)",
    ("B703", "registrations/admin/outbox.py"): "what leaves the sanitiser (test_dangers.py)",
    ("B703", "registrations/pictures.py"): "labels that the tree has escaped (test_dangers.py)",
}


@pytest.mark.slow
def test_bandit_finds_nothing_without_a_reason():
    done = subprocess.run([BIN / "bandit", "-q", "-r", *CODE, "-f", "json"], capture_output=True, cwd=supply.ROOT)
    found = [
        f"{one['filename']}:{one['line_number']} {one['test_id']} {one['issue_text']}"
        for one in json.loads(done.stdout)["results"]
        if (one["test_id"], one["filename"]) not in EXPLAINED
    ]

    scope.add(part="bandit over the portal's code", goal="0", reached=f"{len(found)}", is_reached=not found)
    assert found == []


@pytest.mark.slow
def test_no_secret_was_ever_committed():
    lines = history.lines_of(supply.ROOT)
    found = history.secrets(lines)

    scope.add(
        part="detect-secrets over every line of the history",
        goal="0",
        reached=f"{len(found)} in {len(lines):,} lines",
        is_reached=not found,
    )
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "AWS_KEY = 'AKIA" + "IOSFODNN7QRSTUVW'",
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "DATABASE_URL=postgres://portal:hunter2" + "@db.internal:5432/portal",
        "password = 'correct-" + "horse-battery-staple'",
        "login('ann@example.org', password='correct-" + "horse-battery-staple')  # for-the-tests-only",
        "postgres://portal:hunter2" + "@localhost:5432/portal",
    ],
)
def test_a_secret_is_found_whatever_stands_beside_it(line):
    assert len(history.secrets([line])) == 1


def test_make_security_ends_red_where_any_part_does(tmp_path):
    recipe = (supply.ROOT / "Makefile").read_text("utf-8").partition("\nsecurity:")[2].partition("\t@export")[2]
    step = re.compile(r"\$\(PYTHON\)[^|;]*")
    parts = step.findall(recipe.partition("\n\n")[0])
    assert len(parts) == 4
    for red in range(len(parts) + 1):
        ends = iter([f"sh -c 'exit {int(number == red)}' " for number in range(len(parts))])
        script = step.sub(lambda _, ends=ends: next(ends), recipe.partition("\n\n")[0])
        script = script.replace("$(SECURITY_TABLE)", "table").replace("$$", "$")
        assert subprocess.run(["sh", "-c", f"export{script}"], cwd=tmp_path).returncode == (red < len(parts))


def test_the_newest_is_asked_for_each_lock(monkeypatch):
    asked = []
    monkeypatch.setattr(supply, "newest_of_series", lambda lock, sources: asked.append((lock, sources)) or {})
    assert pins.main() == 0
    assert [lock for lock, _ in asked] == list(supply.LOCKS)
    assert all(sources.is_file() for _, sources in asked)
