"""`tiktok-events redis` is a server for a first event, where every command looks for one."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tiktok_events import Client
from worker.cli import main
from worker.local.loopback import free_port


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_takes_events_until_it_is_told_to_end(number: signal.Signals, tmp_path: Path) -> None:
    """It prints the line that leads there, ends well, and keeps what it was told to keep."""
    port = free_port()
    command = [sys.executable, "-m", "worker.cli", "redis", f"--port={port}"]
    with subprocess.Popen(
        [*command, f"--directory={tmp_path}"], stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        printed = server.stderr.readline()
        assert printed == f"export TIKTOK_EVENTS_REDIS_URL=redis://127.0.0.1:{port}/0\n"
        with Client(printed.strip().partition("=")[2], event_source_id="C0PIXEL") as client:
            client.track({"event": "Lead"})
        server.send_signal(number)
        assert server.wait(20) == 0
    assert (tmp_path / "appendonlydir").is_dir()


def test_a_port_that_is_taken_is_said_in_a_sentence() -> None:
    """Most often a Redis is there, which will do as well."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = CliRunner().invoke(main, ["redis", "--port", str(port)])
    assert ended.exit_code == 1
    assert ended.stderr.startswith(f"Error: port {port} is taken; a Redis may run there already")
