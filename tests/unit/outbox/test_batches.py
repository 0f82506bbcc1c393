"""How the scripts of one call go over connections together."""

from __future__ import annotations

from collections import deque

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.builders.prepared import prepared
from tiktok_events.outbox.appends import Failures
from tiktok_events.outbox.commit import Commit, NotAppended
from tiktok_events.outbox.turns import GROUP_EVENTS, batches, take_along

LOST = RedisConnectionError("lost")


def commit(pixel: str, events: int = 1) -> Commit:
    """A script of some events."""
    return Commit([prepared(event_source_id=pixel)] * events)


def test_scripts_for_one_server_go_together() -> None:
    """Each in its order; others go by themselves."""
    commits = [commit(pixel) for pixel in ("A1", "B1", "A2", "B2", "A3")]
    found = batches(commits, lambda one: one.destination[4])
    assert [first.together for first in found] == [tuple(commits[::2]), tuple(commits[1::2])]


def test_a_batch_is_no_larger_than_a_group() -> None:
    """A larger one would hold the server up."""
    commits = [commit("A", GROUP_EVENTS // 2) for _ in range(5)]
    found = batches(commits, lambda _: None)
    assert [len(first.together) for first in found] == [2, 2, 1]


def test_a_group_takes_calls_along_with_their_company() -> None:
    """All of a call, or nothing of it."""
    first, second, third = commit("A"), commit("B"), commit("C", GROUP_EVENTS - 2)
    second.company = [commit("D")]
    line = deque([second, third])
    assert take_along(first, line) == [first, second, *second.company]
    assert list(line) == [third]


def test_a_server_that_failed_is_not_tried_again_for_the_same_call() -> None:
    """Its scripts are missing, those in doubt apart, and what others took is in."""
    commits = [commit(pixel) for pixel in ("A", "B", "C")]
    failures = Failures(commits)
    commits[0].fail(LOST, in_doubt=True)
    failures.note("one", commits[0])
    assert failures.passes_over("one", [commits[1]])
    assert not failures.passes_over("two", [commits[2]])
    commits[2].succeed(b"")
    with pytest.raises(NotAppended) as raised:
        failures.check()
    failure = raised.value
    told = [failure.in_doubt, failure.missing, failure.accepted]
    names = [[block.destination for block in blocks] for blocks in told]
    assert (names, failure.one_of_several) == ([["web:A"], ["web:B"], ["web:C"]], True)


def test_what_was_in_doubt_stays_so_unless_another_leader_takes_it() -> None:
    """The first may have carried it out all the same."""
    lost, taken = commit("A"), commit("A")
    for one in (lost, taken):
        one.fail(LOST, in_doubt=True)
        one.begin_anew()
    lost.fail(LOST, in_doubt=False)
    taken.succeed(b"")
    assert (lost.in_doubt, taken.in_doubt, taken.error) == (True, False, None)
