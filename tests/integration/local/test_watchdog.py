"""The watchdog: its program ends when it is told to, when it is signalled, and on its own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from worker.local import watchdog

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT_S = 20
STUBBORN = "trap '' TERM; echo ready >&2; while :; do sleep 0.1; done"
OBEDIENT = "trap 'exit 7' TERM; echo ready >&2; while :; do sleep 0.1; done"


def _watch(script: str, grace_s: float) -> subprocess.Popen[bytes]:
    parameters = [str(os.getpid()), str(grace_s), "/bin/sh", "-c", script]
    return subprocess.Popen(
        [sys.executable, "-I", "-S", watchdog.__file__, *parameters],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _ready(watched: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    assert watched.stdout is not None
    assert watched.stderr is not None
    assert int(watched.stdout.readline()) > 0  # printed once its signals are handled
    assert watched.stderr.readline() == b"ready\n"
    return watched


@pytest.fixture
def stubborn() -> Iterator[subprocess.Popen[bytes]]:
    """A program that ignores SIGTERM, watched with a short grace."""
    with _watch(STUBBORN, 0.2) as watched:
        yield _ready(watched)


@pytest.fixture
def obedient() -> Iterator[subprocess.Popen[bytes]]:
    """A program that ends with status 7 on SIGTERM, watched with a grace that is never used up."""
    with _watch(OBEDIENT, LIMIT_S * 2) as watched:
        yield _ready(watched)


def test_the_status_of_a_program_that_ends_is_passed_on() -> None:
    """The watchdog leaves when its program does, with the same status."""
    with _watch("exit 3", LIMIT_S) as watched:
        assert watched.wait(LIMIT_S) == 3


def test_a_program_gets_the_chance_to_leave(obedient: subprocess.Popen[bytes]) -> None:
    """The end of standard input becomes SIGTERM."""
    assert obedient.stdin is not None
    obedient.stdin.close()
    assert obedient.wait(LIMIT_S) == 7


def test_a_byte_says_the_same_as_the_end_of_input(obedient: subprocess.Popen[bytes]) -> None:
    """A parent whose pipe is held open by a forked copy can still end the program."""
    assert obedient.stdin is not None
    obedient.stdin.write(b"\n")
    obedient.stdin.flush()
    assert obedient.wait(LIMIT_S) == 7


def test_a_signal_reaches_the_program(obedient: subprocess.Popen[bytes]) -> None:
    """SIGTERM for the watchdog is SIGTERM for the program: it is never left alone."""
    obedient.terminate()
    assert obedient.wait(LIMIT_S) == 7


def test_a_program_that_will_not_leave_is_killed(stubborn: subprocess.Popen[bytes]) -> None:
    """After the grace follows SIGKILL."""
    assert stubborn.stdin is not None
    stubborn.stdin.close()
    assert stubborn.wait(LIMIT_S) == 256 - 9
