"""The compose file: its form, and what no service of it may leave out."""

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy import declared

PORTAL = {"web", "worker", "beat", "migrate", "manage"}


def schema_errors(text: str, folder: Path) -> str:
    """What the published schema of compose files says against a text; nothing when it is fine."""
    (folder / "compose.yaml").write_text(text)
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        folder / "compose.yaml",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_it_has_the_form_of_a_compose_file(tmp_path):
    assert schema_errors(declared.COMPOSE.read_text("utf-8"), tmp_path) == ""


def test_a_wrong_key_is_found(tmp_path):
    text = declared.COMPOSE.read_text("utf-8").replace("    stop_grace_period: 75s", "    stop_grace_periods: 75s")

    assert "stop_grace_periods" in schema_errors(text, tmp_path)


def weak_services(compose: dict[str, Any]) -> list[str]:
    """What a service leaves open or undone that ours may not."""
    found = []
    for name, service in compose["services"].items():
        is_done_at_once = service.get("restart") == "no"
        rules = {
            "can be written": service.get("read_only") is not True,
            "has capabilities": service.get("cap_drop") != ["ALL"] or (name != "proxy" and "cap_add" in service),
            "can get privileges": "no-new-privileges:true" not in service.get("security_opt", []),
            "has no limits": set(service.get("deploy", {}).get("resources", {}).get("limits", {}))
            != {"cpus", "memory"},
            "is not started again": not is_done_at_once and service.get("restart") != "unless-stopped",
            "is not looked after": not is_done_at_once and "healthcheck" not in service,
            "is root": name != "proxy" and str(service.get("user", "0"))[0] not in "123456789",
            "has no version": service["image"].endswith(":latest") or ":" not in service["image"],
            "is open to the world": name != "proxy" and "ports" in service,
        }
        found += [f"{name} {what}" for what, is_broken in rules.items() if is_broken]
    return found


def test_every_service_is_closed_limited_and_looked_after():
    assert weak_services(declared.compose()) == []


@pytest.mark.parametrize(
    ("service", "key", "value", "found"),
    [
        ("web", "read_only", False, "web can be written"),
        ("db", "cap_drop", [], "db has capabilities"),
        ("worker", "cap_add", ["SYS_ADMIN"], "worker has capabilities"),
        ("beat", "security_opt", [], "beat can get privileges"),
        ("web", "deploy", {}, "web has no limits"),
        ("broker", "restart", "always", "broker is not started again"),
        ("db", "ports", ["5432:5432"], "db is open to the world"),
        ("web", "user", "root", "web is root"),
        ("proxy", "image", "caddy:latest", "proxy has no version"),
    ],
)
def test_a_weak_service_is_found(service, key, value, found):
    compose = copy.deepcopy(declared.compose())
    compose["services"][service][key] = value

    assert weak_services(compose) == [found]


def neighbours(compose: dict[str, Any], name: str) -> set[str]:
    """Who shares a network with a service."""
    services = compose["services"]
    ours = set(services[name]["networks"])
    return {other for other, service in services.items() if other != name and ours & set(service["networks"])}


def test_database_and_broker_are_reached_by_the_portal_alone_and_reach_nobody():
    compose = declared.compose()

    assert compose["networks"]["inside"] == compose["networks"]["front"] == {"internal": True}
    assert compose["services"]["db"]["networks"] == compose["services"]["broker"]["networks"] == ["inside"]
    assert neighbours(compose, "db") == PORTAL | {"broker"}
    assert neighbours(compose, "proxy") == {"web"}
    assert set(compose["services"]["web"]["networks"]) == {"front", "inside"}


def test_no_secret_stands_in_the_file_or_in_an_environment():
    compose = declared.compose()
    secrets = {name: Path(secret["file"]).name for name, secret in compose["secrets"].items()}

    assert secrets == {name: name for name in secrets}
    for service in compose["services"].values():
        environ = service.get("environment", {})
        hidden = {value for name, value in environ.items() if name.endswith("_FILE")}
        assert {f"/run/secrets/{name}" for name in service.get("secrets", [])} >= hidden
        assert [name for name in environ if "PASSWORD" in name or "KEY" in name if not name.endswith("_FILE")] == []


def test_web_worker_and_beat_have_not_the_way_in_of_the_owner_of_the_tables():
    services = declared.compose()["services"]

    for name in PORTAL:
        is_owner = name in {"migrate", "manage"}
        has = set(services[name]["secrets"]) & {"database_url", "database_password", "run_time_password"}
        assert has == ({"database_url", "run_time_password"} if is_owner else set())
        used = "database_url" if is_owner else "run_time_url"
        assert services[name]["environment"]["DATABASE_URL_FILE"] == f"/run/secrets/{used}"


def test_each_secret_is_made_by_the_script_or_written_by_hand(tmp_path):
    def make() -> tuple[dict[str, str], str]:
        script = declared.DEPLOY / "make-secrets.sh"
        done = subprocess.run(["sh", script, tmp_path / "secrets"], capture_output=True, text=True, check=True)
        return {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}, done.stderr

    made, said = make()

    assert make()[0] == made
    assert set(declared.compose()["secrets"]) - set(made) == {"email_url"}
    assert "email_url" in said
    assert len({made[name] for name in ("secret_key", "address_key", "master_keys", "database_password")}) == 4
    assert all(len(made[name]) >= 60 for name in ("secret_key", "address_key", "master_keys"))
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0


def test_what_must_be_said_is_asked_for():
    written = yaml.safe_load(declared.COMPOSE.read_text("utf-8"))

    with pytest.raises(KeyError, match="name of the site"):
        declared.filled_in(written, {"RANPORTAL_VERSION": "1", "MAIL_FROM": "x"})


def test_the_programs_are_those_of_the_procfile():
    lines = (declared.ROOT / "Procfile").read_text("utf-8").splitlines()
    defaults = {"${PORT:-8000}": "8000", "${WEB_WORKERS:-4}": "4", "${WORKER_PROCESSES:-2}": "2"}
    for line in lines:
        name, _, command = line.partition(": ")
        for variable, value in (defaults | {"${BEAT_SCHEDULE:-var/beat}": "/tmp/beat"}).items():
            command = command.replace(variable, value)
        assert " ".join(declared.compose_containers()[name].command) == command


def test_the_manifests_start_the_same_programs_and_know_the_same_settings():
    ours, theirs = declared.compose_containers(), declared.kubernetes_containers()

    assert json.dumps({n: c.command for n, c in sorted(ours.items())}) == json.dumps(
        {n: c.command for n, c in sorted(theirs.items())}
    )
    where_files_are = {"MEDIA_ROOT", "PRIVATE_MEDIA_ROOT", "MEDIA_STORAGE", "S3_ACCESS_KEY_FILE", "S3_SECRET_KEY_FILE"}
    assert set(ours["web"].environment) ^ set(theirs["web"].environment) == where_files_are
    assert all(theirs[name].grace >= container.grace for name, container in ours.items())


def test_yaml_is_read_as_the_engine_reads_it():
    written = yaml.safe_load('{a: "${A:-3}", b: ["$$(x) ${B}", 5], c: "${A:-}"}')

    assert declared.filled_in(written, {"B": "two"}) == {"a": "3", "b": ["$(x) two", 5], "c": ""}
