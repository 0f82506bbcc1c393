"""A file whose events go to several shards: each takes its part of a slice once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from redis import Redis

from tiktok_events.event.prepare import EventPreparer, PreparedEvent
from tiktok_events.outbox.shards import Shards
from tiktok_events.outbox.store import Store
from worker.files.event_file import Entry
from worker.files.handover import Preparation
from worker.files.progress import FileTakenOver, SendProgress, SentBefore
from worker.files.rejects import Refusal
from worker.operations.status import read_figures

SHARDS: Final = Shards(count=8)
PREPARER: Final = EventPreparer({}, None, 65_536)


def run(redis: Redis, *, resume: bool, shards: Shards = SHARDS) -> tuple[SendProgress, SentBefore]:
    """A run that has begun, and what it found."""
    progress = SendProgress(Store(redis, shards), "d", linger_ms=0, rings=True)
    return progress, progress.begin(resume=resume)


def event(number: int) -> Any:
    """One for each of twenty pixels in turn."""
    return {"event": "Lead", "event_id": f"e{number}", "event_source_id": f"P{number % 20}"}


def events(first: int, last: int) -> list[PreparedEvent]:
    """The events of a slice, both ends included."""
    return [PREPARER.prepare(event(number)) for number in range(first, last + 1)]


def accepted(redis: Redis) -> int:
    """Events in all shards; the sums close."""
    figures = read_figures(Store(redis, SHARDS))
    assert figures.unaccounted == 0
    return figures.waiting


def break_off(redis: Redis, progress: SendProgress) -> None:
    """Take the slice 41 to 60 in some shards only, as a run that is killed leaves it."""
    send: Any = progress._send
    progress._send = type("Half", (), {"many": lambda _, calls: send.many(calls[:3])})()
    progress.append(events(41, 60), done=60, refused=2)
    assert 40 < accepted(redis) < 60


def test_a_slice_is_one_step_in_each_shard(redis: Redis) -> None:
    """The next run goes on behind it."""
    progress, nothing = run(redis, resume=True)
    progress.append(events(1, 40), done=42, refused=2)
    assert (nothing, accepted(redis)) == (SentBefore(), 40)
    assert run(redis, resume=True)[1] == SentBefore(42, 40, 2)


def test_a_slice_that_some_shards_have_is_taken_by_the_others(redis: Redis) -> None:
    """Whoever resumes hands over that very slice again, and no event is in twice."""
    progress, _ = run(redis, resume=True)
    progress.append(events(1, 40), done=40, refused=0)
    break_off(redis, progress)
    again, before = run(redis, resume=True)
    assert (before.done, before.begun, before.refused) == (40, 60, 2)
    again.append(events(41, 60), done=60, refused=2)
    assert (accepted(redis), run(redis, resume=True)[1]) == (60, SentBefore(60, 60, 2))


def test_a_slice_that_was_begun_is_cut_as_it_was() -> None:
    """Though another run makes smaller ones."""

    def entries() -> Iterator[Entry]:
        for number in range(41, 70):
            yield Entry("line", number, event(number), "", 10)

    refusals: list[Refusal] = []
    preparation = Preparation(PREPARER, refusals.append, slice_entries=5)
    ends = [part.last for part in preparation.slices(entries(), begun=60)]
    assert (ends, refusals) == ([60, 65, 69], [])


def test_a_newer_run_stops_an_older_one_everywhere(redis: Redis) -> None:
    """In no shard does it append a thing."""
    older, _ = run(redis, resume=True)
    run(redis, resume=True)
    with pytest.raises(FileTakenOver):
        older.append(events(1, 40), done=40, refused=0)
    assert accepted(redis) == 0


def test_with_another_number_of_shards_nothing_is_left_out(redis: Redis) -> None:
    """What was begun is repeated: its events are in other shards now."""
    progress, _ = run(redis, resume=True)
    progress.append(events(1, 40), done=40, refused=0)
    break_off(redis, progress)
    again, before = run(redis, resume=True, shards=Shards(count=16))
    assert (before.done, before.begun) == (0, 0)
    again.append(events(1, 60), done=60, refused=2)
    waiting = read_figures(Store(redis, Shards(count=16))).waiting
    assert waiting >= 60
