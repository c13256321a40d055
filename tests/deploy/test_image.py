"""The rules of the image, read from its Dockerfile."""

import re

import pytest

from dev.setup import ROOT
from tests.deploy import declared

DOCKERFILE = (declared.DEPLOY / "Dockerfile").read_text("utf-8")

_PLAIN = re.compile(r"(?:^|\s)(?:https?|ftp)://|(?i:\b(?:password|secret_key|token)\s*=\s*\S)")


def instructions(text: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile with their arguments, continued lines joined, comments left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [
        (word.upper(), rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines()) if word
    ]


def broken_rules(text: str) -> list[str]:
    """What a Dockerfile does that ours may not do."""
    found = instructions(text)
    stages = [number for number, (word, _) in enumerate(found) if word == "FROM"]
    last = found[stages[-1] :]
    users = [rest for word, rest in last if word == "USER"]
    bases = [rest.split()[0] for word, rest in found if word == "FROM"]
    copied = [rest for word, rest in last if word in {"ADD", "COPY"}]
    rules = {
        "one stage only": len(stages) < 2,
        "a base without a version": any(":" not in base or base.endswith(":latest") for base in bases),
        "no user by number, or root": not users or not re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1]),
        "more than the built portal": copied != ["--from=build /srv/portal /srv/portal"],
        "packages without hashes": any(
            "pip install" in r and "--require-hashes" not in r for w, r in found if w == "RUN"
        ),
        "a package manager in the last stage": any(re.search(r"pip|npm|apt", r) for w, r in last if w == "RUN"),
        "no health check": "HEALTHCHECK" not in dict(last),
        "no labels": "LABEL" not in dict(last),
        "a demo": "DEBUG=0" not in " ".join(r for w, r in last if w == "ENV"),
        "ADD": any(word == "ADD" for word, _ in found),
        "an address or a secret": any(_PLAIN.search(rest) for _, rest in found),
    }
    return [rule for rule, is_broken in rules.items() if is_broken]


def test_the_image_keeps_the_rules():
    assert broken_rules(DOCKERFILE) == []


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("USER 10001:10001\n", "", "no user by number, or root"),
        ("USER 10001:10001", "USER 0:0", "no user by number, or root"),
        ("python:3.11-slim-bookworm", "python:latest", "a base without a version"),
        ("--require-hashes", "", "packages without hashes"),
        ("COPY --from=build /srv/portal /srv/portal", "COPY . /srv/portal", "more than the built portal"),
        ("ENV DEBUG=0", "ENV DEBUG=1", "a demo"),
        ("HEALTHCHECK", "# HEALTHCHECK", "no health check"),
        ("USER 10001", "ENV SECRET_KEY=abc\nUSER 10001", "an address or a secret"),
        ("USER 10001", "RUN pip install --require-hashes x\nUSER 10001", "a package manager in the last stage"),
    ],
)
def test_a_broken_rule_is_found(before, after, rule):
    assert before in DOCKERFILE
    assert rule in broken_rules(DOCKERFILE.replace(before, after))


def test_the_image_starts_the_web_server_as_the_others_do():
    (command,) = (rest for word, rest in instructions(DOCKERFILE) if word == "CMD")

    assert tuple(re.findall(r'"([^"]*)"', command)) == declared.compose_containers()["web"].command


def test_every_port_and_folder_is_the_one_of_the_compose_file():
    assert ("EXPOSE", "8000") in instructions(DOCKERFILE)
    web = declared.compose()["services"]["web"]
    assert {web["environment"]["MEDIA_ROOT"], web["environment"]["PRIVATE_MEDIA_ROOT"]} <= set(
        re.findall(r"/srv/files/\w+", DOCKERFILE)
    )


def test_only_what_the_portal_needs_goes_to_the_builder():
    lines = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line and line[0] != "#"]

    assert lines[0] == "*"
    assert set(declared.let_into_the_image()) == {
        *("accounts", "events", "ranportal", "registrations", "static", "templates"),
        *("deploy/probe.py", "manage.py", "requirements-node.txt", "requirements.txt"),
    }
    assert {"**/__pycache__", "static/vendor"} <= set(lines)
