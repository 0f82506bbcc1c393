"""`docker-compose.yml` and `.env.example` keep the promises that the documentation makes."""

from __future__ import annotations

import copy
import json
import re
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml
from dotenv import dotenv_values
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads(
    files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_text()
)
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
BUILT_HERE = ["console", "sandbox", "serve", "worker"]


def _errors(compose: dict[str, Any]) -> list[str]:
    return [error.json_path for error in Draft202012Validator(SCHEMA).iter_errors(compose)]


def _redis_options() -> dict[str, str]:
    _, *words = SERVICES["redis"]["command"]
    return dict(zip(words[::2], words[1::2], strict=True))


def test_the_compose_file_matches_the_schema() -> None:
    """Every key is one that Compose knows, with a value of its type."""
    assert _errors(COMPOSE) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("stop_grace_periode", "60s"),
        ("depends_on", {"redis": {"condition": "healthy"}}),
        ("stop_grace_period", {"seconds": 60}),
    ],
)
def test_the_schema_refuses_a_slip(key: str, value: object) -> None:
    """A misspelt key, a word that Compose does not know: the check can fail."""
    slipped = copy.deepcopy(COMPOSE)
    slipped["services"]["worker"][key] = value
    assert _errors(slipped) != []


def test_redis_keeps_what_it_accepts() -> None:
    """Append-only file on, no eviction, a limit so that a full server says so."""
    expected = {
        "--appendonly": "yes",
        "--appendfsync": "everysec",
        "--save": "",
        "--maxmemory-policy": "noeviction",
        "--maxmemory": "${REDIS_MAXMEMORY:-512mb}",
    }
    assert _redis_options() == expected


def test_the_data_stand_in_a_named_volume() -> None:
    """`docker compose down` does not take the events with it."""
    assert SERVICES["redis"]["volumes"] == ["redis-data:/data"]
    assert "redis-data" in COMPOSE["volumes"]


def test_ports_are_published_on_the_loopback_only() -> None:
    """Neither Redis nor the sandbox can be reached from another machine."""
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_every_image_has_a_full_version() -> None:
    """The same file gives the same server next month."""
    images = [service["image"] for service in SERVICES.values()]
    pinned = re.compile(r"[a-z/-]+:v?\d+\.\d+\.\d+(-[a-z0-9.]+)?(@sha256:[0-9a-f]{64})?")
    assert [image for image in images if not pinned.fullmatch(image)] == []


def test_the_image_carries_the_version_of_the_project() -> None:
    """Compose and `pyproject.toml` name the same version."""
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert {SERVICES[name]["image"] for name in BUILT_HERE} == {
        f"tiktok-events-worker:{version[1]}"
    }


@pytest.mark.parametrize("key", ["container_name", "ports"])
def test_the_worker_can_be_scaled(key: str) -> None:
    """A name or a port of its own would allow one worker only."""
    assert key not in SERVICES["worker"]


def test_the_worker_waits_for_a_healthy_redis() -> None:
    """A worker does not start against a server that still loads its file."""
    assert SERVICES["worker"]["depends_on"] == {"redis": {"condition": "service_healthy"}}
    assert "test" in SERVICES["redis"]["healthcheck"]


def test_the_worker_has_a_minute_to_stop() -> None:
    """Less ends in SIGKILL, and a batch sent twice."""
    assert SERVICES["worker"]["stop_grace_period"] == "60s"


def test_the_worker_starts_without_an_env_file() -> None:
    """A fresh checkout has no `.env`."""
    assert SERVICES["worker"]["env_file"] == [{"path": ".env", "required": False}]


@pytest.mark.parametrize("name", BUILT_HERE)
def test_our_containers_have_no_rights_to_lose(name: str) -> None:
    """Read-only, without capabilities, without a way to gain privileges."""
    expected = {
        "read_only": True,
        "tmpfs": ["/tmp"],  # noqa: S108 — the path inside the container
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
    }
    assert {key: SERVICES[name].get(key) for key in expected} == expected


def test_what_is_not_needed_has_a_profile() -> None:
    """`docker compose up` starts the server and the worker, nothing else."""
    profiles = {name: service.get("profiles", []) for name, service in SERVICES.items()}
    observing = {name: ["observe"] for name in ("serve", "prometheus", "grafana")}
    asked_for = {name: [name] for name in ("sandbox", "console")}
    assert profiles == {"redis": [], "worker": [], **asked_for, **observing}


def test_the_console_keeps_its_tokens_and_asks_for_one() -> None:
    """It listens to other machines, so it does not start without them; a volume has them."""
    console = SERVICES["console"]
    tokens = PurePosixPath(console["environment"]["TIKTOK_EVENTS_SERVE_TOKENS_FILE"])
    assert console["command"] == ["serve", "--host", "0.0.0.0"]  # noqa: S104 — in a container
    assert f"serve-tokens:{tokens.parent}" in console["volumes"]
    assert "serve-tokens" in COMPOSE["volumes"]
    assert f"--owner=worker --group=worker --mode=0700 {tokens.parent}" in DOCKERFILE


def test_the_example_is_read_alike_by_every_reader() -> None:
    """Plain `NAME=value` lines: no quotes, blanks, dollars or comments that readers treat apart."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    settings = [line for line in lines if line and not line.startswith("#")]
    plain = [line for line in settings if re.fullmatch(r"[A-Z_]+=[^\s\"'$#]*", line)]
    assert plain == settings
    assert dotenv_values(ROOT / ".env.example") == dict(line.split("=", 1) for line in settings)


@pytest.mark.parametrize("name", ["ACCESS_TOKEN", "SENTRY_DSN", "PIXEL_CODE"])
def test_the_example_holds_no_secret(name: str) -> None:
    """What belongs to one account is left empty."""
    assert dotenv_values(ROOT / ".env.example")[f"TIKTOK_EVENTS_{name}"] == ""
