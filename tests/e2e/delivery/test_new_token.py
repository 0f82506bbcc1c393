"""A revoked token and its successor: the worker runs on, nobody resumes by hand."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from redis import Redis

from tests.builders.events import purchase
from tests.builders.fake_api import Reply
from tests.builders.stores import keys
from tests.builders.wait import wait_until
from tiktok_events import Client

PIXEL: Final = "C0TOKEN00PIXEL000000"
KEY: Final = f"web:{PIXEL}"
OLD, NEW = "revoked-token", "valid-token"
HEADER: Final = "access-token"
FILE: Final = '[[destinations]]\nevent_source_id = "{}"\naccess_token = "{}"\n'
YES: Final[Reply] = (200, {}, {"code": 0, "message": "OK", "request_id": "fake-yes", "data": {}})
REVOKED: Final[Reply] = (200, {}, {"code": 40105, "message": "Access token has been revoked."})
LATENCY_S: Final = 0.2


def _event(number: int) -> dict[str, Any]:
    return purchase(f"ord-{number}", PIXEL)


def _only_the_new_token(request: Any) -> Any:
    return YES if request.headers[HEADER] == NEW else REVOKED


@pytest.fixture
def destinations(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes the destinations file: `destinations(pixel, token)`."""
    path = tmp_path / "destinations.toml"

    def write(pixel: str, token: str) -> Path:
        changed = path.with_suffix(".new")
        changed.write_text(FILE.format(pixel, token))
        return changed.rename(path)

    return write


def test_a_new_token_in_the_file_is_all_it_takes(
    redis: Redis, client: Client, fake_api: Any, start_worker: Any, destinations: Any
) -> None:
    """One refusal, one probe with the new token, then everything; no restart, no command."""
    fake_api.answers[PIXEL] = _only_the_new_token
    fake_api.latency_s = LATENCY_S
    worker = start_worker(DESTINATIONS_FILE=str(destinations(PIXEL, OLD)))
    ids = [client.track(_event(0))]
    wait_until(lambda: redis.hget(keys.state(KEY), "parked"))
    ids += client.track_many([_event(number) for number in range(1, 3500)])

    destinations(PIXEL, NEW)
    wait_until(lambda: len(_arrived(fake_api)) == len(ids))
    assert _arrived(fake_api) == Counter(ids)
    tokens = [request.headers[HEADER] for request in fake_api.requests()]
    assert tokens == [OLD] + [NEW] * (len(tokens) - 1)
    _, probe, next_one, *_ = fake_api.requests()
    assert next_one.at >= probe.at + LATENCY_S
    lines = [line for line in worker.log().splitlines() if line.startswith("{")]
    told = Counter(json.loads(line)["event"] for line in lines)
    assert (told["parked"], told["resumed"]) == (1, 1)
    assert worker.running


def test_a_first_token_in_the_file_is_all_it_takes(
    redis: Redis, client: Client, fake_api: Any, start_worker: Any, destinations: Any
) -> None:
    """A pixel that nobody configured waits until somebody does."""
    file = destinations("C0ANOTHER0PIXEL00000", OLD)
    start_worker(DESTINATIONS_FILE=str(file), ACCESS_TOKEN=None)
    ids = client.track_many([_event(number) for number in range(3)])
    wait_until(lambda: redis.hget(keys.state(KEY), "parked"))
    assert fake_api.requests() == []
    destinations(PIXEL, NEW)
    wait_until(fake_api.accepted)
    assert _arrived(fake_api) == Counter(ids)


def _arrived(fake_api: Any) -> Counter[str]:
    return Counter(event_id for request in fake_api.accepted() for event_id in request.ids)
