"""Parking, on a real server: once, for the first reason, and until a word or another token."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis
from structlog.testing import capture_logs

from tests.builders.stores import SHARDS, keys, store_of
from tiktok_events.event.destination import Destination
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox.outbox import Appender
from worker.delivery import destinations
from worker.delivery.destinations import Destinations
from worker.delivery.token_watch import TokenWatch
from worker.outbox.claim import Claim, Want
from worker.outbox.outbox import Outbox
from worker.outbox.parking import Parking
from worker.outbox.settlement import Outcome, Settled, Settlement
from worker.settings import Settings

PIXEL = Destination("web", "C0PIXEL")
FILE = '[[destinations]]\nevent_source_id = "{}"\naccess_token = "{}"\n'


class Desk:
    """A destination with events, workers that claim them, and a file with its token.

    Attributes:
        redis: the server.
        path: of the destinations file; absent until `write`.
    """

    def __init__(self, redis: Redis, path: Path) -> None:
        self.redis = redis
        self.path = path
        self.parking = Parking(store_of(redis))
        self.path.write_text(FILE.format("C0PIXEL", "old"))
        self.workers = [
            Outbox(store_of(redis), consumer=name, lease_ms=60_000) for name in ("one", "two")
        ]

    def append(self, count: int = 1) -> None:
        """What a producer does; each event is a block of its own."""
        for number in range(count):
            body = json.dumps({"event_id": f"e{number}"}).encode()
            event = PreparedEvent(PIXEL, f"e{number}", body)
            Appender(self.redis, linger_ms=0, rings=True, shards=SHARDS).append([event])

    def destinations(self, **settings: Any) -> Destinations:
        """The tokens as a process reads them that starts now."""
        given = {"destinations_file": self.path} | settings
        return Destinations(Settings.load({}, **given), {})

    def watch(self, **settings: Any) -> TokenWatch:
        """The watch of a worker that starts now."""
        return TokenWatch(self.parking, self.destinations(**settings))

    def claim(self, worker: int = 0, wanted: int = 1) -> Claim:
        """Claim some of its events."""
        token_limit = self.destinations().account(PIXEL).token_limit
        return self.workers[worker].claim([Want(PIXEL.key, wanted, 1_000_000, token_limit)])[0]

    def refuse(
        self, claimed: Claim, worker: int = 0, park: str = "credential: revoked", **settings: Any
    ) -> Settled:
        """Settle a claim whose token was refused."""
        token_limit = self.destinations(**settings).account(PIXEL).token_limit
        settlement = Settlement(PIXEL.key, claimed.failures, token_limit, park=park)
        settlement.again = [(block.id, block.claims, None, False) for block in claimed.blocks]
        return self.workers[worker].settle(settlement)

    def park(self, **settings: Any) -> None:
        """Be refused with the token of now."""
        self.append()
        assert self.refuse(self.claim(), **settings).parked

    def fail(self, claimed: Claim, worker: int) -> None:
        """Settle a claim whose request failed."""
        token_limit = self.destinations().account(PIXEL).token_limit
        settlement = Settlement(PIXEL.key, claimed.failures, token_limit, outcome=Outcome.FAILING)
        settlement.again = [(block.id, block.claims, "{}", False) for block in claimed.blocks]
        self.workers[worker].settle(settlement)

    def reason(self) -> bytes | None:
        """Why it is parked."""
        return cast("bytes | None", self.redis.hget(keys.state(PIXEL.key), "parked"))


@pytest.fixture
def desk(redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose destinations file is looked at always."""
    monkeypatch.setattr(destinations, "LOOK_EVERY_S", 0.0)
    return Desk(redis, tmp_path / "destinations.toml")


def two_looks(watch: TokenWatch) -> list[dict[str, Any]]:
    """A change counts when two looks have seen it; returns what was logged."""
    with capture_logs() as logs:
        watch.look()
        watch.look()
    return [dict(line) for line in logs]


RESUMED = {
    "event": "resumed",
    "log_level": "info",
    "destination": PIXEL.key,
    "reason": "token changed",
}


def test_one_settlement_parks(desk: Desk) -> None:
    """Two requests were under way when the token was revoked; the first reason is kept."""
    desk.append(2)
    first, second = desk.claim(0), desk.claim(1)
    assert desk.refuse(first, 0, "credential: first").parked
    assert not desk.refuse(second, 1, "credential: second").parked
    assert desk.reason() == b"credential: first"


def test_a_late_refusal_does_not_park_what_was_resumed(desk: Desk) -> None:
    """It was asked before; the probe will tell."""
    desk.append(2)
    first, second = desk.claim(0), desk.claim(1)
    desk.refuse(first, 0)
    desk.parking.resume(PIXEL.key)
    assert desk.refuse(second, 1) == Settled(lost=0)
    probe = desk.claim(0)
    assert (probe.failures, len(probe.blocks)) == (2, 1)
    assert desk.refuse(probe, 0).parked


def test_a_refusal_beside_a_failure_parks_by_the_next_probe(desk: Desk) -> None:
    """What it had to say is not lost, only asked once more."""
    desk.append(2)
    first, second = desk.claim(0), desk.claim(1)
    desk.fail(first, 0)
    assert not desk.refuse(second, 1).parked
    desk.redis.hdel(keys.state(PIXEL.key), "not_before")
    assert desk.refuse(desk.claim()).parked


def test_parked_destinations_stand_in_one_place(desk: Desk) -> None:
    """With the digest of their token, or none where a person parked them."""
    desk.park()
    desk.parking.park("web:C0OTHER")
    digest = desk.destinations().account(PIXEL).token_limit.token_digest
    assert desk.parking.parked() == {PIXEL.key: digest, "web:C0OTHER": ""}
    desk.parking.resume(PIXEL.key)
    desk.parking.resume("web:C0OTHER")
    assert desk.parking.parked() == {}
    assert desk.redis.exists(keys.parked) == 0


def test_a_new_token_resumes_with_one_probe(desk: Desk) -> None:
    """The running watch sees the file change, and says so once."""
    desk.append(3)
    watch = desk.watch()
    desk.refuse(desk.claim())
    assert two_looks(watch) == []
    desk.path.write_text(FILE.format("C0PIXEL", "brand-new"))
    assert two_looks(watch) == [RESUMED]
    assert desk.reason() is None
    assert len(desk.claim(0, wanted=1).blocks) == 1
    assert desk.claim(1).blocks == []


def test_a_change_is_not_believed_at_the_first_look(desk: Desk) -> None:
    """Another process of the worker may not have read the file yet."""
    watch = desk.watch()
    desk.park()
    desk.path.write_text(FILE.format("C0PIXEL", "brand-new"))
    assert watch.look()
    assert desk.reason() == b"credential: revoked"


def test_a_token_that_comes_back_resumes_nothing(desk: Desk) -> None:
    """A file that was wrong for one look has changed nothing."""
    watch = desk.watch()
    desk.park()
    for token in ("mistake", "old", "mistake"):
        desk.path.write_text(FILE.format("C0PIXEL", token))
        watch.look()
    assert desk.reason() == b"credential: revoked"


def test_a_restart_with_another_token_in_the_environment_resumes(desk: Desk) -> None:
    """Only the token that was refused is remembered, not where it came from."""
    desk.path.write_text(FILE.format("C0OTHER", "other"))
    desk.park(access_token="refused")
    assert two_looks(desk.watch(access_token="refused")) == []
    assert two_looks(desk.watch(access_token="fresh")) == [RESUMED]


def test_a_destination_without_a_token_resumes_when_it_gets_one(desk: Desk) -> None:
    """And not before."""
    desk.path.write_text(FILE.format("C0OTHER", "other"))
    watch = desk.watch()
    desk.park()
    assert two_looks(watch) == []
    desk.path.write_text(FILE.format("C0PIXEL", "its-first"))
    assert two_looks(watch) == [RESUMED]


def test_a_token_that_was_taken_away_resumes_nothing(desk: Desk) -> None:
    """Without one nothing could be sent."""
    watch = desk.watch()
    desk.park()
    desk.path.write_text(FILE.format("C0OTHER", "other"))
    assert two_looks(watch) == []
    assert desk.reason() == b"credential: revoked"


def by_hand_only(desk: Desk) -> None:
    """A person parks it."""
    desk.parking.park(PIXEL.key)


def by_hand_before(desk: Desk) -> None:
    """A person parks it while a request is under way, which is refused."""
    desk.append()
    claimed = desk.claim()
    desk.parking.park(PIXEL.key)
    assert not desk.refuse(claimed).parked


def by_hand_after(desk: Desk) -> None:
    """A person parks it though it is parked already."""
    desk.park()
    assert not desk.parking.park(PIXEL.key)


@pytest.mark.parametrize("parked", [by_hand_only, by_hand_before, by_hand_after])
def test_what_a_person_parked_waits_for_a_person(
    desk: Desk, parked: Callable[[Desk], None]
) -> None:
    """Whatever else happened to it, no token lets it go on."""
    watch = desk.watch()
    parked(desk)
    reason = desk.reason()
    desk.path.write_text(FILE.format("C0PIXEL", "brand-new"))
    assert two_looks(watch) == []
    assert desk.reason() == reason
    assert desk.parking.resume(PIXEL.key)


def test_two_workers_resume_once(desk: Desk) -> None:
    """Both see the change; one of them lets it go on and says so."""
    watches = [desk.watch(), desk.watch()]
    desk.park()
    desk.path.write_text(FILE.format("C0PIXEL", "brand-new"))
    with capture_logs() as logs:
        for watch in [*watches, *watches]:
            watch.look()
    assert [dict(line) for line in logs] == [RESUMED]


def test_a_destination_that_was_parked_anew_is_not_resumed_for_its_older_token(desk: Desk) -> None:
    """The script compares: between the look and the resume its newer token was refused too."""
    desk.park()
    (older,) = desk.parking.parked().values()
    desk.parking.resume(PIXEL.key)
    desk.path.write_text(FILE.format("C0PIXEL", "refused-too"))
    desk.park()
    assert desk.parking.resume_for({PIXEL.key: older}, "token changed") == []
    assert desk.reason() == b"credential: revoked"
