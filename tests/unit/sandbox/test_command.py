"""The command `sandbox` refuses wrong options and shows figures that fit a terminal."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest
from click.testing import CliRunner

from tiktok_events_sandbox import Figures, Report
from tiktok_events_sandbox.__main__ import MISSING
from tiktok_events_sandbox.command import print_report, read_tokens, sandbox, state_line

REPORT = Report(
    requests=1_234_567,
    events_received=12_345_678,
    events_accepted=12_345_678,
    distinct=12_000_000,
    merged=1,
    repeated=345_677,
    refused_requests={40002: 3},
    faults={"the service is down": 4},
    destinations={
        f"offline:7{number:018d}:TEST[{number}]": Figures(requests=12_345) for number in range(30)
    },
)


def test_tokens_have_their_ids_behind() -> None:
    """A token alone is good for all ids; without tokens all are taken."""
    tokens = read_tokens(("wide", "narrow=PIXEL1,PIXEL2"))
    assert {"wide": None, "narrow": frozenset({"PIXEL1", "PIXEL2"})} == tokens
    assert read_tokens(()) is None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--token", "=PIXEL1"], "number 1 has no token"),
        (["--scenario", "none.toml"], "shipped: outage, poison"),
        (["--port", "70000"], "70000 is not in the range"),
    ],
)
def test_a_wrong_option_ends_with_2(arguments: list[str], sentence: str) -> None:
    """Wrong usage is explained and ends with exit code 2."""
    result = CliRunner().invoke(sandbox, arguments)
    assert result.exit_code == 2
    assert sentence in " ".join(result.output.split())


def test_a_taken_port_ends_with_1() -> None:
    """A port in use is named and ends with exit code 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(sandbox, ["--port", port])
    assert result.exit_code == 1
    assert f"cannot listen on 127.0.0.1:{port}" in result.output


def test_help_teaches_by_example() -> None:
    """The help holds commands to copy."""
    result = CliRunner().invoke(sandbox, ["--help"])
    assert result.exit_code == 0
    assert "tiktok-events sandbox --token secret=" in result.output


def test_the_table_fits_a_hundred_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """No line is wider than 100 columns, and every figure is there."""
    print_report(REPORT, as_json=False)
    output = capsys.readouterr().out
    assert max(map(len, output.splitlines())) <= 100
    parts = ["12,345,678", "40002: 3", "the service is down: 4", "10 destinations not shown"]
    assert parts == [part for part in parts if part in output]


def test_the_state_fits_one_line() -> None:
    """The line that is kept current does not wrap."""
    line = state_line(REPORT)
    assert len(line) <= 100
    assert line.startswith("1,234,567 requests")


def test_without_its_extra_the_command_says_what_is_missing() -> None:
    """The simulator is a library of the client; only the command needs more than the client."""
    program = (
        "import sys; sys.modules['rich'] = None; sys.modules['click'] = None;"
        "from tiktok_events_sandbox import Sandbox;"
        "from tiktok_events_sandbox.__main__ import main; main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr.strip()) == (1, MISSING)
