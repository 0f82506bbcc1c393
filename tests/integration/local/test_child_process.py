"""A child process is waited for with a limit, and its end is explained by its own log."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from worker.local.child_process import ChildProcess, ChildProcessEndedError


def _child(log_path: Path, *arguments: str) -> ChildProcess:
    return ChildProcess("sandbox", arguments, environment=dict(os.environ), log_path=log_path)


def test_a_child_process_that_does_not_start_shows_why(tmp_path: Path) -> None:
    """The error carries the end of its log."""
    with (
        _child(tmp_path / "log", "sandbox", "--port=70000") as child,
        pytest.raises(ChildProcessEndedError, match="The sandbox ended") as caught,
    ):
        child.wait_for(lambda: None, timeout_s=30)
    assert "70000 is not in the range" in caught.value.log_tail


def test_a_child_process_that_does_not_get_ready_is_given_up(tmp_path: Path) -> None:
    """Waiting ends when its time does."""
    with (
        _child(tmp_path / "log", "sandbox", "--port=0") as child,
        pytest.raises(ChildProcessEndedError, match=r"not ready after 0\.1 s"),
    ):
        child.wait_for(lambda: None, timeout_s=0.1)


def test_a_running_child_process_passes_the_check_until_it_is_left(tmp_path: Path) -> None:
    """After the block it is gone."""
    log_path = tmp_path / "log"
    with _child(log_path, "sandbox", "--port=0") as child:
        assert child.wait_for(lambda: "export" in log_path.read_text() or None, timeout_s=30)
        child.check()
    with pytest.raises(ChildProcessEndedError):
        child.check()
