"""What deploy/ declares: the services of the compose file and the containers of the manifests, ready to be compared."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dev.setup import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose.yaml"
MANIFESTS = DEPLOY / "kubernetes"
OURS = ("beat", "migrate", "web", "worker")
SECRETS = "/run/secrets"

_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


@dataclass(frozen=True)
class Container:
    """What starts a program of ours: its command line, its environment, and the seconds that it has to end."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    grace: int


def example_environment() -> dict[str, str]:
    """The variables of deploy/compose.env.example."""
    lines = (DEPLOY / "compose.env.example").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """The text as a compose engine reads it; raises KeyError with the message of a variable that must be set."""

    def value(match: re.Match[str]) -> str:
        name, kind, rest = match.groups()
        if found := variables.get(name):
            return found
        if kind == "?":
            raise KeyError(rest)
        return rest if kind == "-" else ""

    return _VARIABLE.sub(value, text).replace("$$", "$")


def filled_in(value: Any, variables: Mapping[str, str]) -> Any:
    """The value with its texts interpolated: after the parsing, so that each stays a text, as an engine does it."""
    if isinstance(value, str):
        return interpolated(value, variables)
    if isinstance(value, list):
        return [filled_in(part, variables) for part in value]
    if isinstance(value, dict):
        return {name: filled_in(part, variables) for name, part in value.items()}
    return value


def compose() -> dict[str, Any]:
    """The compose file with the variables of the example."""
    return filled_in(yaml.safe_load(COMPOSE.read_text("utf-8")), example_environment())


def compose_containers() -> dict[str, Container]:
    """The programs of ours in the compose file."""
    services = compose()["services"]
    return {
        name: Container(
            tuple(services[name]["command"]),
            services[name]["environment"],
            int(services[name].get("stop_grace_period", "10s").removesuffix("s")),
        )
        for name in OURS
    }


def manifests() -> list[dict[str, Any]]:
    """Every resource of the Kubernetes manifests, in the order of their files; kustomizations are none."""
    files = [path for path in sorted(MANIFESTS.rglob("*.yaml")) if path.name != "kustomization.yaml"]
    return [resource for path in files for resource in yaml.safe_load_all(path.read_text("utf-8"))]


def of_kind(*kinds: str) -> Iterator[dict[str, Any]]:
    """The resources of these kinds."""
    yield from (resource for resource in manifests() if resource["kind"] in kinds)


def pods() -> dict[str, dict[str, Any]]:
    """What each deployment and job runs: the specification of its pods."""
    return {r["metadata"]["name"]: r["spec"]["template"]["spec"] for r in of_kind("Deployment", "Job")}


def kubernetes_containers() -> dict[str, Container]:
    """The programs of ours in the manifests."""
    (settings,) = of_kind("ConfigMap")
    return {
        name: Container(
            tuple(pod["containers"][0]["command"]),
            settings["data"] | {own["name"]: own["value"] for own in pod["containers"][0].get("env", ())},
            pod["terminationGracePeriodSeconds"],
        )
        for name, pod in pods().items()
    }


def let_into_the_image(ignore: Path = ROOT / ".dockerignore") -> list[str]:
    """The names at the top that .dockerignore lets through to the builder."""
    return [line[1:] for line in ignore.read_text("utf-8").splitlines() if line.startswith("!")]
