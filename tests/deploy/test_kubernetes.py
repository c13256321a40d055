"""The Kubernetes manifests: their form, and what no pod may leave out."""

import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy import declared

FILES = [path for path in sorted(declared.MANIFESTS.rglob("*.yaml")) if path.name != "kustomization.yaml"]
REPLICATED = {"web", "worker"}
TOKENLESS = {"automountServiceAccountToken": False, "enableServiceLinks": False}
OURS_ONLY = {
    "runAsNonRoot": True,
    "runAsUser": 10001,
    "runAsGroup": 10001,
    "fsGroup": 10001,
    "seccompProfile": {"type": "RuntimeDefault"},
}
CLOSED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


def refusals(*paths: Path) -> str:
    """What the schemas of Kubernetes say against files, unknown keys included; nothing when they are fine."""
    command = [sys.executable, "-m", "kubernetes_validate", "--strict", "--quiet", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_every_resource_has_the_form_of_its_kind():
    assert len(FILES) >= 8
    assert refusals(*FILES) == ""


def test_a_wrong_key_is_found(tmp_path):
    text = (declared.MANIFESTS / "portal" / "web.yaml").read_text("utf-8")
    (tmp_path / "web.yaml").write_text(text.replace("readinessProbe:", "readynessProbe:"))

    assert "readynessProbe" in refusals(tmp_path / "web.yaml")


def weak_pods(pods: dict[str, dict[str, Any]]) -> list[str]:
    """What a pod leaves open or undone that ours may not."""
    found = []
    for name, pod in pods.items():
        (container,) = pod["containers"]
        mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
        rules = {
            "has a token of the cluster": not TOKENLESS.items() <= pod.items(),
            "may be somebody else": pod["securityContext"] != OURS_ONLY,
            "is not closed": container["securityContext"] != CLOSED,
            "has no limits": not {"cpu", "memory"} <= set(container["resources"].get("limits", {})),
            "asks for nothing": not {"cpu", "memory"} <= set(container["resources"].get("requests", {})),
            "is not looked after": name != "migrate" and "livenessProbe" not in container,
            "can write more than /tmp": {path for path, m in mounts.items() if not m.get("readOnly")} != {"/tmp"},
            "has a version of its own": container["image"] != "ranportal",
        }
        found += [f"{name} {what}" for what, is_broken in rules.items() if is_broken]
    return found


def test_every_pod_is_closed_limited_and_looked_after():
    assert set(declared.pods()) == set(declared.OURS)
    assert weak_pods(declared.pods()) == []


@pytest.mark.parametrize(
    ("pod", "part", "value", "found"),
    [
        ("beat", "livenessProbe", None, "beat is not looked after"),
        ("web", "resources", {"requests": {"cpu": 1, "memory": 1}}, "web has no limits"),
        ("worker", "securityContext", CLOSED | {"readOnlyRootFilesystem": False}, "worker is not closed"),
        ("migrate", "image", "ranportal:latest", "migrate has a version of its own"),
    ],
)
def test_a_weak_pod_is_found(pod, part, value, found):
    pods = copy.deepcopy(declared.pods())
    (container,) = pods[pod]["containers"]
    container.pop(part)
    if value is not None:
        container[part] = value

    assert weak_pods(pods) == [found]


def test_web_servers_are_asked_for_their_own_state_and_for_the_database():
    (container,) = declared.pods()["web"]["containers"]
    asked = {name: container[name]["httpGet"] for name in ("startupProbe", "readinessProbe", "livenessProbe")}
    (settings,) = declared.of_kind("ConfigMap")

    assert asked["readinessProbe"]["path"] == "/healthz/web/"
    assert asked["livenessProbe"]["path"] == asked["startupProbe"]["path"] == "/healthz/live/"
    (host,) = {
        header["value"] for probe in asked.values() for header in probe["httpHeaders"] if header["name"] == "Host"
    }
    assert host in settings["data"]["ALLOWED_HOSTS"].split(",")


def test_there_are_several_of_each_but_the_clock_and_one_always_stays():
    replicas = {d["metadata"]["name"]: d["spec"]["replicas"] for d in declared.of_kind("Deployment")}
    stays = {
        budget["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"]: budget["spec"]["minAvailable"]
        for budget in declared.of_kind("PodDisruptionBudget")
    }
    (beat,) = (d for d in declared.of_kind("Deployment") if d["metadata"]["name"] == "beat")

    assert {name for name, number in replicas.items() if number > 1} == REPLICATED
    assert replicas["beat"] == 1
    assert beat["spec"]["strategy"] == {"type": "Recreate"}
    assert stays == dict.fromkeys(REPLICATED, 1)


def test_selectors_find_their_pods():
    for deployment in declared.of_kind("Deployment"):
        assert deployment["spec"]["selector"]["matchLabels"] == deployment["spec"]["template"]["metadata"]["labels"]
    (service,) = declared.of_kind("Service")
    (web,) = (d for d in declared.of_kind("Deployment") if d["metadata"]["name"] == "web")
    assert service["spec"]["selector"] == web["spec"]["template"]["metadata"]["labels"]
    (ingress,) = declared.of_kind("Ingress")
    (rule,) = ingress["spec"]["rules"]
    assert rule["http"]["paths"][0]["backend"]["service"] == {"name": "web", "port": {"name": "http"}}


def test_the_ingress_keeps_no_log_of_addresses_since_some_open_what_they_name():
    (ingress,) = declared.of_kind("Ingress")
    assert ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/enable-access-log"] == "false"


def test_only_what_is_named_may_talk():
    policies = {policy["metadata"]["name"]: policy["spec"] for policy in declared.of_kind("NetworkPolicy")}

    assert policies.pop("nothing") == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert {name: policy["policyTypes"] for name, policy in policies.items()} == {
        "portal": ["Egress"],
        "web": ["Ingress"],
        "worker": ["Egress"],
    }
    mail = {port["port"] for rule in policies["worker"]["egress"] for port in rule["ports"]}
    others = {port["port"] for rule in policies["portal"]["egress"] for port in rule["ports"]}
    assert mail == {25, 465, 587, 993}
    assert others.isdisjoint(mail)


def named_secrets(container: declared.Container) -> set[str]:
    """The secrets that the settings and the command line of a program name."""
    paths = [value for name, value in container.environment.items() if name.endswith("_FILE")]
    return {
        word.removeprefix("/run/secrets/") for word in [*paths, *" ".join(container.command).split()] if "/" in word
    }


def mounted_secrets(pod: dict[str, Any]) -> list[dict[str, Any]]:
    """The volumes of secrets, without their names."""
    return [
        {k: v for k, v in volume.items() if k != "name"} for volume in pod["volumes"] if volume["name"] == "secrets"
    ]


def test_each_secret_that_a_setting_names_is_in_a_secret_and_the_owners_in_one_that_the_migration_alone_has():
    secrets = {secret["metadata"]["name"]: set(secret["stringData"]) for secret in declared.of_kind("Secret")}
    containers, pods = declared.kubernetes_containers(), declared.pods()
    both = {
        "projected": {"defaultMode": 0o440, "sources": [{"secret": {"name": name}} for name in ("portal", "owner")]}
    }

    assert secrets["owner"] == {"database_url", "run_time_password"}
    assert mounted_secrets(pods["migrate"]) == [both]
    for name in declared.OURS:
        if name != "migrate":
            assert named_secrets(containers[name]) & secrets["owner"] == set()
            assert mounted_secrets(pods[name]) == [{"secret": {"secretName": "portal", "defaultMode": 0o440}}]
    assert named_secrets(containers["migrate"]) >= secrets["owner"]
    (settings,) = declared.of_kind("ConfigMap")
    said = {path.removeprefix("/run/secrets/") for name, path in settings["data"].items() if name.endswith("_FILE")}
    assert said == secrets["portal"]


def test_the_example_of_the_secret_is_applied_by_nobody():
    for path in declared.MANIFESTS.rglob("kustomization.yaml"):
        kustomization = yaml.safe_load(path.read_text("utf-8"))
        assert kustomization["namespace"] == "ranportal"
        assert "secret.example.yaml" not in kustomization["resources"]
        assert all((path.parent / name).exists() for name in kustomization["resources"])


def test_the_migration_and_the_programs_take_one_version():
    images = [
        yaml.safe_load((declared.MANIFESTS / folder / "kustomization.yaml").read_text("utf-8"))["images"]
        for folder in ("migrate", "portal")
    ]

    assert images[0] == images[1]
    assert images[0][0]["name"] == "ranportal"
    assert images[0][0]["newTag"] != "latest"
