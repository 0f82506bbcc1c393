"""The steps of a run over a file, on a real server: taken once each, or not at all."""

from __future__ import annotations

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from tests.builders.stores import broker_keys, keys, store_of
from tiktok_events.event.prepare import EventPreparer, PreparedEvent
from worker.files.progress import LIFETIME_S, FileTakenOver, SendProgress, SentBefore

OUTBOX = keys.outbox("web:P")
PREPARER = EventPreparer({"web": "P"}, None, 65_536)


def run(redis: Redis, *, resume: bool, digest: str = "d") -> tuple[SendProgress, SentBefore]:
    """A run that has begun, and what it found."""
    progress = SendProgress(store_of(redis), digest, linger_ms=0, rings=True)
    return progress, progress.begin(resume=resume)


def events(*ids: str) -> list[PreparedEvent]:
    """Events of these ids."""
    return [PREPARER.prepare({"event": "Lead", "event_id": one}) for one in ids]


def waiting(redis: Redis) -> int:
    """Events that wait."""
    return int(redis.hget(keys.state("web:P"), "waiting") or 0)


def test_a_step_appends_and_notes_where_it_ends(redis: Redis) -> None:
    """The next run goes on behind it; one that does not is told what it repeats."""
    progress, nothing = run(redis, resume=True)
    progress.append(events("a", "b"), done=3, refused=1)
    progress.append(events("c"), done=4, refused=0)
    assert nothing == SentBefore()
    assert run(redis, resume=True)[1] == SentBefore(4, 3, 1)
    assert run(redis, resume=False)[1] == SentBefore(4, 3, 1)
    assert run(redis, resume=True)[1] == SentBefore()
    assert (waiting(redis), redis.hget(keys.counters, "accepted")) == (3, b"3")


def test_a_step_whose_answer_was_lost_is_not_repeated(redis: Redis) -> None:
    """The same call again appends nothing, and is no error."""
    progress, _ = run(redis, resume=False)
    progress.append(events("a"), done=1, refused=0)
    progress._done = 0
    progress.append(events("a"), done=1, refused=0)
    assert (waiting(redis), run(redis, resume=True)[1]) == (1, SentBefore(1, 1, 0))


def test_a_slice_without_events_is_noted_too(redis: Redis) -> None:
    """All of it was refused."""
    progress, _ = run(redis, resume=False)
    progress.append([], done=7, refused=7)
    assert (waiting(redis), run(redis, resume=True)[1]) == (0, SentBefore(7, 0, 7))
    assert not redis.exists(broker_keys.doorbell)


@pytest.mark.parametrize("resume", [True, False])
def test_the_newer_of_two_runs_goes_on_alone(redis: Redis, *, resume: bool) -> None:
    """The older one's next step appends nothing."""
    older, _ = run(redis, resume=False)
    older.append(events("a"), done=1, refused=0)
    newer, _ = run(redis, resume=resume)
    with pytest.raises(FileTakenOver):
        older.append(events("b"), done=2, refused=0)
    newer.append(events("c"), done=2, refused=0)
    assert waiting(redis) == 2


def test_a_server_that_was_emptied_ends_the_run(redis: Redis) -> None:
    """Nobody knows then what of the file is there."""
    progress, _ = run(redis, resume=False)
    redis.flushall()
    with pytest.raises(FileTakenOver):
        progress.append(events("a"), done=1, refused=0)
    assert waiting(redis) == 0


def test_other_files_have_a_place_of_their_own(redis: Redis) -> None:
    """So has the same file with other options."""
    progress, _ = run(redis, resume=False)
    progress.append(events("a"), done=1, refused=0)
    assert run(redis, resume=True, digest="other")[1] == SentBefore()


def test_the_note_is_kept_for_a_month_after_the_last_step(redis: Redis) -> None:
    """And no longer: nothing stays for ever."""
    progress, _ = run(redis, resume=False)
    redis.persist(keys.sending("d"))
    progress.append(events("a"), done=1, refused=0)
    assert LIFETIME_S - 60 < redis.ttl(keys.sending("d")) <= LIFETIME_S


def test_a_full_server_takes_nothing_and_notes_nothing(redis: Redis) -> None:
    """The step is taken when there is room again."""
    progress, _ = run(redis, resume=False)
    redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(ResponseError):
            progress.append(events("a"), done=1, refused=0)
    finally:
        redis.config_set("maxmemory", 0)
    progress.append(events("a"), done=1, refused=0)
    assert (waiting(redis), run(redis, resume=True)[1]) == (1, SentBefore(1, 1, 0))
