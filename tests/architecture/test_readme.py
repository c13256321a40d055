"""The README tells of the portal as it stands: what it names exists, and of that nothing is left out."""

import re
import tomllib
from pathlib import Path

from dev import screenshots
from ranportal.demo import PASSWORD
from registrations.services import seeding
from tests.architecture.house import ROOT, tree
from tests.architecture.test_docs import missing_paths
from tests.architecture.test_settings import variables

README = (ROOT / "README.md").read_text("utf-8")
ORGANISERS = (ROOT / "docs" / "organisers.md").read_text("utf-8")
COMMANDS = ROOT / "registrations" / "management" / "commands"

_PICTURE = re.compile(r"screenshots/([\w-]+)\.png")
_LINK = re.compile(r"\]\((?!https?:|#)([^)]+)\)|\]\(#([\w-]+)\)")
_VARIABLE = re.compile(r"^\| `([A-Z0-9_]+)` \|", re.MULTILINE)
_COMMAND = re.compile(r"^\.venv/bin/python manage\.py (\w+)", re.MULTILINE)
_OF_DJANGO = {"check", "collectstatic", "createsuperuser", "migrate"}
_TARGET = re.compile(r"`make (\w+)")


def test_each_picture_of_the_folder_is_shown_and_each_shown_one_is_there():
    there = {path.stem for path in screenshots.FOLDER.iterdir()}

    assert set(_PICTURE.findall(README + ORGANISERS)) == there


def test_the_pictures_are_small():
    sizes = {path.name: path.stat().st_size for path in screenshots.FOLDER.iterdir()}

    assert {name: size for name, size in sizes.items() if size > 250_000} == {}
    assert sum(sizes.values()) < 1_500_000


def test_each_link_leads_somewhere():
    headings = {line.lstrip("# ").lower().replace(" ", "-") for line in README.splitlines() if line.startswith("#")}
    files = [file for file, _ in _LINK.findall(README) if file]
    places = [place for _, place in _LINK.findall(README) if place]

    assert [file for file in files if not (ROOT / file).exists()] == []
    assert [place for place in places if place not in headings] == []
    assert len(files) > 4
    assert len(places) > 3


def test_each_named_file_is_there():
    made_by_the_demo = {"var/mail/", "var/media", "var/private"}

    assert set(missing_paths(README, ROOT)) <= made_by_the_demo | {"healthz/live/", "healthz/web/", "healthz/ready/"}


def test_each_variable_of_the_settings_stands_in_the_table_and_no_other():
    assert set(_VARIABLE.findall(README)) == variables(tree(ROOT / "ranportal" / "settings.py"))


def test_each_command_has_an_example_and_a_line():
    ours = {path.stem for path in COMMANDS.glob("*.py") if path.stem != "__init__"}

    assert set(_COMMAND.findall(README)) - _OF_DJANGO == ours
    assert {name for name in ours if f"`{name}" not in README} == set()


def test_each_named_target_of_make_exists():
    makefile = (ROOT / "Makefile").read_text("utf-8")

    assert [name for name in _TARGET.findall(README) if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


def test_the_accounts_and_the_password_of_the_demo_are_told():
    assert [email for email, _, _ in seeding.ACCOUNTS if f"`{email}`" not in README] == []
    assert f"`{PASSWORD}`" in README


def test_the_programs_are_started_as_the_procfile_says():
    lines = (ROOT / "Procfile").read_text("utf-8").splitlines()
    programs = [re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", line.partition(": ")[2]) for line in lines]

    assert [p for p in programs if f".venv/bin/{p.replace('0.0.0.0', '127.0.0.1')}" not in README] == []


def test_the_oldest_python_is_told():
    project = tomllib.loads(Path(ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    assert f"Python {project['requires-python'].removeprefix('>=')} or newer" in README
