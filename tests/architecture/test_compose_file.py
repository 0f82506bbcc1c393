"""`docker-compose.yml` and `.env.example` keep the promises that the documentation makes."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from dotenv import dotenv_values
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads(Path(__file__).with_name("compose.schema.json").read_text())
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
BUILT_HERE = ["sandbox", "worker"]

VARIABLES = {
    "TIKTOK_EVENTS_ACCESS_TOKEN",
    "TIKTOK_EVENTS_API_URL",
    "TIKTOK_EVENTS_BATCH_BYTES",
    "TIKTOK_EVENTS_BATCH_EVENTS",
    "TIKTOK_EVENTS_BROKER_URL",
    "TIKTOK_EVENTS_DEFAULT_REGION",
    "TIKTOK_EVENTS_DESTINATIONS_FILE",
    "TIKTOK_EVENTS_LEASE_S",
    "TIKTOK_EVENTS_LINGER_MS",
    "TIKTOK_EVENTS_MAX_EVENT_BYTES",
    "TIKTOK_EVENTS_MAX_IN_FLIGHT",
    "TIKTOK_EVENTS_PIXEL_CODE",
    "TIKTOK_EVENTS_REDIS_TIMEOUT_S",
    "TIKTOK_EVENTS_REDIS_URL",
    "TIKTOK_EVENTS_REQUESTS_PER_SECOND",
    "TIKTOK_EVENTS_REQUEST_TIMEOUT_S",
    "TIKTOK_EVENTS_RETRY_BASE_S",
    "TIKTOK_EVENTS_RETRY_CAP_S",
    "TIKTOK_EVENTS_SENTRY_DSN",
    "TIKTOK_EVENTS_WINDOW_DAYS_APP",
    "TIKTOK_EVENTS_WINDOW_DAYS_CRM",
    "TIKTOK_EVENTS_WINDOW_DAYS_OFFLINE",
    "TIKTOK_EVENTS_WINDOW_DAYS_WEB",
}


def _errors(compose: dict[str, Any]) -> list[str]:
    return [error.json_path for error in Draft202012Validator(SCHEMA).iter_errors(compose)]


def _redis_options() -> dict[str, str]:
    _, *words = SERVICES["redis"]["command"]
    return dict(zip(words[::2], words[1::2], strict=True))


def test_the_schema_is_a_schema() -> None:
    """A slip in the schema would let anything pass."""
    Draft202012Validator.check_schema(SCHEMA)


def test_the_compose_file_matches_the_schema() -> None:
    """Every key is one that Compose knows, with a value of its type."""
    assert _errors(COMPOSE) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("stop_grace_periode", "60s"),
        ("stop_grace_period", 60),
        ("healthcheck", {"test": ["valkey-cli", "ping"]}),
        ("depends_on", {"redis": {"condition": "healthy"}}),
        ("environment", {"TIKTOK_EVENTS_LEASE_S": 60}),
        ("restart", "sometimes"),
    ],
)
def test_the_schema_refuses_a_slip(key: str, value: object) -> None:
    """A misspelt key, a bare number, a word that Compose does not know."""
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
    pinned = re.compile(r"[a-z/-]+:\d+\.\d+\.\d+(-[a-z0-9.]+)?")
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


def test_only_the_sandbox_needs_a_profile() -> None:
    """`docker compose up` starts the server and the worker, nothing else."""
    profiles = {name: service.get("profiles", []) for name, service in SERVICES.items()}
    assert profiles == {"redis": [], "worker": [], "sandbox": ["sandbox"]}


def test_the_example_names_every_variable_once() -> None:
    """`.env.example` is the complete list of settings."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    names = [line.split("=")[0] for line in lines if line and not line.startswith("#")]
    assert sorted(names) == sorted(VARIABLES)


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
