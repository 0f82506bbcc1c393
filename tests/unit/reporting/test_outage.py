"""An outage is said once by each process, whoever of it meets it, and its end once."""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError, RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from structlog.testing import capture_logs

from worker.reporting.outage import Outage, is_outage


def said(outage: Outage, *met: BaseException | None) -> list[Any]:
    """The events and errors that are logged when these are met; `None` is a success."""
    with capture_logs() as lines:
        for error in met:
            outage.over() if error is None else outage.met(error)
    return [(line["event"], line.get("error")) for line in lines]


@pytest.fixture
def outage() -> Outage:
    """Nothing has been away so far."""
    return Outage("away", "back")


def test_what_lasts_is_said_once(outage: Outage) -> None:
    """The first error begins it, the first success ends it."""
    errors = [RedisTimeoutError(), RedisConnectionError(), ReadOnlyError()]
    assert said(outage, *errors, None, None) == [("away", "TimeoutError"), ("back", None)]


def test_a_second_outage_is_said_again(outage: Outage) -> None:
    """Once each."""
    both = said(outage, RedisTimeoutError(), None, RedisTimeoutError(), None)
    assert both == [("away", "TimeoutError"), ("back", None)] * 2


def test_nothing_comes_back_that_was_not_away(outage: Outage) -> None:
    """A success alone says nothing."""
    assert said(outage, None) == []


def test_a_forked_child_does_not_answer_for_its_parent(outage: Outage) -> None:
    """It has said nothing yet: no end of what it did not begin, and its own beginning."""
    said(outage, RedisTimeoutError())
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe()
    child = fork.Process(
        target=lambda: there.send(said(outage, None, RedisTimeoutError(), RedisTimeoutError()))
    )
    child.start()
    assert here.recv() == [("away", "TimeoutError")]
    child.join()
    for end in (here, there):
        end.close()
    child.close()


@pytest.mark.parametrize(
    "error",
    [
        RedisConnectionError("refused"),
        RedisTimeoutError("silent"),
        ReadOnlyError("You can't write against a read only replica."),
        OutOfMemoryError("command not allowed when used memory > 'maxmemory'."),
        ResponseError("Error running script: @user_script: 11: -READONLY You can't write"),
        ResponseError("MISCONF Errors writing to the AOF file: No space left on device"),
    ],
)
def test_a_server_that_cannot_work_is_an_outage(error: RedisError) -> None:
    """Away, a replica, or full: a script's error may only quote it."""
    assert is_outage(error)


@pytest.mark.parametrize(
    "error", [ResponseError("WRONGTYPE Operation against a key"), ValueError("READONLY")]
)
def test_a_bug_is_no_outage(error: Exception) -> None:
    """It is reported as one."""
    assert not is_outage(error)
