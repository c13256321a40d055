"""The files say nothing about the machine that they were written on, and fetch nothing from a named registry."""

import re

import pytest

from tests.architecture.house import name_of, texts

# Put together, so that this file does not find itself.
_REGISTRIES = [
    "registry.npm" + "js.org",
    "py" + "pi.org",
    "files.python" + "hosted.org",
    "un" + "pkg.com",
    "cdn.js" + "delivr.net",
    "fonts.google" + "apis.com",
    "fonts.g" + "static.com",
]
_FOREIGN = re.compile(
    "|".join(
        [
            *(re.escape(host) for host in _REGISTRIES),
            r"(?<![\w.])/(?:home|Users|root|work" + r"space|work)/[A-Za-z]",
            r"\b[A-Z]:\\\\?Users",
            r"--(?:extra-)?index-url",
        ]
    )
)


def foreign(text: str) -> list[str]:
    """The hosts of registries and the paths of one machine in a text."""
    return [match.group() for match in _FOREIGN.finditer(text)]


def test_no_file_names_a_registry_or_a_path_of_one_machine():
    found = {name_of(path): foreign(path.read_text("utf-8")) for path in texts() if path.name != "test_no_paths.py"}

    assert {name: places for name, places in found.items() if places} == {}


@pytest.mark.parametrize(
    "text",
    [
        "https://" + _REGISTRIES[0] + "/package",
        "pip install --index-url https://mirror.example.org",
        'open("/home/somebody/file")',
        "/Users/somebody",
    ],
)
def test_a_registry_and_a_path_of_one_machine_are_found(text):
    assert foreign(text) != []


@pytest.mark.parametrize("text", ["/working-groups/ran-health/", "https://portal.example.org/work/", "/var/lib/portal"])
def test_addresses_of_pages_are_fine(text):
    assert foreign(text) == []
