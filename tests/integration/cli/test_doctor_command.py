"""`tiktok-events doctor` finds what would keep events from being delivered."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result
from redis import Redis

from tests.builders.stores import keys, store_of
from tiktok_events import Client
from worker.cli import main
from worker.cli.doctor import checks as doctor
from worker.outbox.parking import Parking
from worker.runtime.check import Outcome
from worker.runtime.preflight import api_url


@dataclass
class Patient:
    """Settings and a server to be examined."""

    redis: Redis
    environment: dict[str, str | None]

    def run(self, *arguments: str) -> Result:
        """Run `tiktok-events doctor`."""
        return CliRunner(env=self.environment).invoke(main, ["doctor", *arguments])

    def outcomes(self) -> dict[str, str]:
        """Name and outcome of each check."""
        objects: list[dict[str, Any]] = list(
            map(orjson.loads, self.run("--json").stdout.splitlines())
        )
        return {check["name"]: check["outcome"] for check in objects}


@pytest.fixture
def api_door() -> Iterator[str]:
    """The URL of an API that listens, and is never asked."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        yield f"http://127.0.0.1:{door.getsockname()[1]}"


@pytest.fixture
def patient(redis: Redis, redis_url: str, api_door: str) -> Patient:
    """A patient in good health; a worker is at work."""
    redis.set(keys.awake, 1)
    return Patient(
        redis,
        {
            "TIKTOK_EVENTS_REDIS_URL": redis_url,
            "TIKTOK_EVENTS_BROKER_URL": None,
            "TIKTOK_EVENTS_API_URL": api_door,
            "TIKTOK_EVENTS_ACCESS_TOKEN": "A-SECRET-TOKEN",
            "TIKTOK_EVENTS_DESTINATIONS_FILE": None,
        },
    )


def test_a_healthy_system_passes_every_check(patient: Patient) -> None:
    """Each check is named, nothing is wrong, and no secret is shown."""
    result = patient.run()
    assert result.exit_code == 0
    assert "Everything is fit for work." in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100
    assert "A-SECRET-TOKEN" not in result.output
    assert set(patient.outcomes().values()) == {"ok"}


def test_no_worker_is_a_warning(patient: Patient) -> None:
    """The doctor is asked before the first worker starts, too."""
    patient.redis.delete(keys.awake)
    result = patient.run()
    assert result.exit_code == 0
    assert "Start one: tiktok-events worker" in result.stdout
    assert "0 checks failed, 1 warning." in result.stdout


def test_a_worker_that_waits_for_work_answers(patient: Patient, redis_url: str) -> None:
    """A real one, with nothing to do, is found by asking."""
    patient.redis.delete(keys.awake)
    command = [sys.executable, "-m", "worker.cli", "worker", "--pool", "solo"]
    environment = os.environ | {
        "TIKTOK_EVENTS_REDIS_URL": redis_url,
        "TIKTOK_EVENTS_LOG_FORMAT": "json",
    }
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=environment) as worker:
        assert worker.stderr is not None
        try:
            assert any(b"worker_ready" in line for line in worker.stderr)
            output = patient.run().stdout
        finally:
            worker.kill()
    assert "waiting for work: 1" in output


def test_a_server_that_is_down_fails(patient: Patient) -> None:
    """The remedy names the setting; what depends on the server is not checked."""
    patient.environment["TIKTOK_EVENTS_REDIS_URL"] = "redis://:PASSWORD@127.0.0.1:1/0"
    result = patient.run()
    assert result.exit_code == 1
    assert "TIKTOK_EVENTS_REDIS_URL" in result.stdout
    assert "PASSWORD" not in result.output
    assert "broker" not in result.stdout


def test_a_broker_that_is_down_is_a_warning(patient: Patient) -> None:
    """It may be another server than the outbox; workers deliver without it."""
    patient.environment["TIKTOK_EVENTS_BROKER_URL"] = "redis://127.0.0.1:1/0"
    outcomes = patient.outcomes()
    assert (outcomes["broker"], outcomes["worker"]) == ("warning", "ok")
    assert "events are delivered all the same" in " ".join(patient.run().stdout.split())


def test_a_server_that_evicts_fails(patient: Patient) -> None:
    """The real server is asked for its policy."""
    patient.redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        outcome = patient.outcomes()["memory"]
    finally:
        patient.redis.config_set("maxmemory-policy", "noeviction")
    assert outcome == "failed"


def test_a_wrong_setting_ends_the_examination(patient: Patient) -> None:
    """Every wrong variable is named, and what is allowed."""
    patient.environment |= {"TIKTOK_EVENTS_LEASE_S": "x", "TIKTOK_EVENTS_LINGER_MS": "-1"}
    result = patient.run()
    assert result.exit_code == 1
    assert "TIKTOK_EVENTS_LEASE_S must be" in result.stdout
    assert "2 checks failed" in result.stdout


def test_a_variable_that_means_nothing_is_a_warning(patient: Patient) -> None:
    """A slip in a name would otherwise go unseen."""
    patient.environment["TIKTOK_EVENTS_LINGER"] = "5"
    result = patient.run()
    assert result.exit_code == 0
    assert "did you mean" in result.stdout


def test_a_destinations_file_that_is_broken_fails(patient: Patient, tmp_path: Path) -> None:
    """The sentence of the file's own check is shown."""
    file = tmp_path / "destinations.toml"
    file.write_text("[[destinations]]\nevent_source_id = 5\naccess_tokn = 'x'\n")
    patient.environment["TIKTOK_EVENTS_DESTINATIONS_FILE"] = str(file)
    result = patient.run()
    assert result.exit_code == 1
    assert "access_tokn is not known" in " ".join(result.stdout.split())


def test_events_that_wait_for_a_token_fail(patient: Patient) -> None:
    """They cannot be sent, so their destination is named."""
    patient.environment["TIKTOK_EVENTS_ACCESS_TOKEN"] = None
    with Client(patient.environment["TIKTOK_EVENTS_REDIS_URL"]) as client:
        client.track({"event": "Purchase", "event_source_id": "C0PIXEL"})
    result = patient.run()
    assert result.exit_code == 1
    assert "none for web:C0PIXEL" in result.stdout
    assert patient.outcomes()["destinations"] == "warning"


def test_a_parked_destination_is_a_warning(patient: Patient) -> None:
    """It waits for a person, who is told how to let it go on."""
    Parking(store_of(patient.redis)).park("web:C0PIXEL")
    result = patient.run()
    assert result.exit_code == 0
    assert "waiting for a person: web:C0PIXEL" in result.stdout


def test_a_lost_event_fails(patient: Patient) -> None:
    """Somebody deleted keys: the account shows it."""
    with Client(patient.environment["TIKTOK_EVENTS_REDIS_URL"]) as client:
        client.track({"event": "Purchase", "event_source_id": "C0PIXEL"})
    patient.redis.delete(keys.outbox("web:C0PIXEL"), keys.state("web:C0PIXEL"))
    assert patient.outcomes()["accounting"] == "failed"


@pytest.mark.parametrize(
    ("url", "outcome"),
    [
        ("https://business-api.tiktok.com", Outcome.OK),
        ("http://127.0.0.1:20443", Outcome.OK),
        ("http://[::1]:20443", Outcome.OK),
        ("http://localhost:20443", Outcome.OK),
        ("http://sandbox:20443", Outcome.WARNING),
    ],
)
def test_the_token_travels_encrypted(url: str, outcome: Outcome) -> None:
    """Plain http is for this machine, and perhaps for a neighbour in a container network."""
    assert api_url(url).outcome is outcome


@pytest.mark.parametrize(
    ("info", "outcome"),
    [
        ({"redis_version": "6.0.16"}, Outcome.FAILED),
        ({"redis_version": "6.2.0"}, Outcome.OK),
        ({"redis_version": "7.2.4", "valkey_version": "9.1.2"}, Outcome.OK),
        ({}, Outcome.WARNING),
    ],
)
def test_the_server_is_new_enough(info: dict[str, str], outcome: Outcome) -> None:
    """Redis from 6.2 on, or any Valkey."""
    assert doctor.version(info).outcome is outcome


@pytest.mark.parametrize(
    ("policy", "outcome"),
    [
        ("noeviction", Outcome.OK),
        ("volatile-lru", Outcome.WARNING),
        ("allkeys-random", Outcome.FAILED),
    ],
)
def test_the_server_must_not_evict(policy: str, outcome: Outcome) -> None:
    """A policy that takes keys without an expiry takes waiting events."""
    assert doctor.eviction({"maxmemory_policy": policy}).outcome is outcome


@pytest.mark.parametrize(
    ("info", "outcome"),
    [
        ({"aof_enabled": 1, "aof_last_write_status": "ok"}, Outcome.OK),
        ({"aof_enabled": 1, "aof_last_write_status": "err"}, Outcome.FAILED),
        ({"aof_enabled": 0}, Outcome.FAILED),
    ],
)
def test_the_server_writes_its_file(info: dict[str, Any], outcome: Outcome) -> None:
    """Without an append-only file a restart loses what waits."""
    assert doctor.append_only(info).outcome is outcome


@pytest.mark.parametrize(
    ("ahead_s", "outcome", "word"),
    [
        (1.9, Outcome.OK, "differs"),
        (2.0, Outcome.FAILED, "ahead of"),
        (-3.0, Outcome.FAILED, "behind"),
    ],
)
def test_the_clocks_agree(ahead_s: float, outcome: Outcome, word: str) -> None:
    """Two seconds are too much, in either direction."""
    check = doctor.clock(ahead_s)
    assert check.outcome is outcome
    assert word in check.message
