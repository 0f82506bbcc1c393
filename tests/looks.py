"""Every command that only looks, so that tests can look while anything else happens.

As a program it reads a line of JSON that names a server, and looks at it again and again until
the next line comes; then it prints a list of what was wrong with the answers. See `Views`.
"""

from __future__ import annotations

import io
import select
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
import orjson
from click.testing import CliRunner, Result
from rich.cells import cell_len

from tests.builders.environment import PREFIX, environment
from worker.cli.commands import Sign
from worker.cli.main import main
from worker.cli.terminal import WIDTH

ROOT: Final = Path(__file__).parents[1]
PAUSE_S: Final = 0.2
"""Between two looks of the program: a tenth of one core, and less."""

ENDS_WITHIN_S: Final = 30.0
SHOWN: Final = 20
"""Problems told; the others are like them."""

EVENT: Final = ROOT / "tests" / "looks_event.json"

NO_SPOOL: Final = {"TIKTOK_EVENTS_SPOOL_FILE": "/nonexistent/spool"}
"""Where the environment names none."""

Arguments = tuple[str, ...]

LOOKS: Final[Mapping[Arguments, tuple[Arguments, ...]]] = {
    ("status",): ((),),
    ("trace",): (("order-1",), ("order-1", "1042", "--waiting"), ("order-1", "--no-waiting")),
    ("figures",): ((), ("--by", "day"), ("--each", "--events")),
    ("quality",): ((), ("--hours", "2")),
    ("dead", "list"): ((), ("--all",), ("--recoverable",), ("--since", "2h")),
    ("dead", "show"): (("LETTER",),),
    ("dead", "stats"): ((), ("--since", "2h")),
    ("dead", "replay"): (("--all", "--dry-run"),),
    ("dead", "purge"): (("--all", "--dry-run"),),
    ("dead", "edit"): (("--all", "--set", "properties.currency=EUR", "--dry-run"),),
    ("replays", "list"): ((),),
    ("replays", "show"): (("REPLAY",),),
    ("destinations", "list"): ((),),
    ("erase",): (("--email", "nobody@example.com", "--dry-run"),),
    ("audit",): ((), ("--all",)),
    ("spool", "status"): ((),),
    ("explain",): ((str(EVENT),),),
    ("doctor",): ((),),
}
"""What looks, and with which arguments; words in capitals stand for what there is to be seen."""

ACTS: Final = frozenset(
    {
        ("demo",),
        ("worker",),
        ("send",),
        ("sandbox",),
        ("serve", "token"),  # which alone is no group
        ("redis",),
        ("dead", "export"),  # the audit has it
        ("dead", "import"),
        ("destinations", "park"),
        ("destinations", "resume"),
        ("replays", "watch"),  # looks, but until the replay ends
        ("replays", "pause"),
        ("replays", "resume"),
        ("replays", "cancel"),
        ("spool", "flush"),
        ("spool", "repair"),
    }
)
"""What changes something, or does not end by itself."""

NO_JSON: Final = frozenset({("dead", "export")})
"""Has no `--json`: it writes files."""

RARE: Final = frozenset({("doctor",), ("explain",), ("erase",)})
"""Not while others work on a test machine: they ask workers for an answer, or read everything."""


def leaves(group: click.Command = main, path: Arguments = ()) -> Iterator[Arguments]:
    """Every command of the program, by its path."""
    if isinstance(group, Sign):
        group = group.load()
    if not isinstance(group, click.Group):
        yield path
        return
    for name, command in group.commands.items():
        yield from leaves(command, (*path, name))


@dataclass(frozen=True, slots=True)
class Looker:
    """Looks at one server.

    Args:
        environment: variables of the commands.
        closes: whether the sums must close in this state.
    """

    environment: Mapping[str, str]
    closes: bool = True

    def problems(self, *, without: frozenset[Arguments] = frozenset()) -> Iterator[str]:
        """Look at everything once; what was wrong with the answers."""
        for path, variants in LOOKS.items():
            if path in without:
                continue
            for arguments in variants:
                yield from self.problems_of(path, arguments)

    def problems_of(self, path: Arguments, arguments: Arguments) -> Iterator[str]:
        """Look by one command, as people and as programs see it."""
        words = self._filled(arguments)
        yield from self._problems((*path, *words), as_json=False)
        if path not in NO_JSON:
            yield from self._problems((*path, *words, "--json"), as_json=True)

    def run(self, *words: str) -> Result:
        """Run a command as a user does, in this process."""
        return CliRunner(env=NO_SPOOL | dict(self.environment)).invoke(main, list(words))

    def _problems(self, words: Arguments, *, as_json: bool) -> Iterator[str]:
        result, name = self.run(*words), " ".join(words)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            yield f"{name}: {''.join(traceback.format_exception(result.exception))}"
        elif result.exit_code not in {0, 1}:
            yield f"{name}: exit code {result.exit_code}: {result.output}"
        elif as_json or words[:2] == ("dead", "export"):
            yield from self._json_problems(name, result) if as_json else ()
        else:
            yield from _width_problems(name, result.stdout)

    def _json_problems(self, name: str, result: Result) -> Iterator[str]:
        for line in result.stdout.splitlines():
            try:
                document = orjson.loads(line)
            except orjson.JSONDecodeError:
                yield f"{name}: no JSON: {line}"
                continue
            for sum_ in ("unaccounted", "dead_unaccounted") if self.closes else ():
                if document.get(sum_):
                    yield f"{name}: {sum_} is {document[sum_]}: {line}"

    def _filled(self, arguments: Arguments) -> Arguments:
        return tuple(self._filling(word) for word in arguments)

    def _filling(self, word: str) -> str:
        if word == "LETTER":
            return self._first("id", "dead", "list", "--limit", "1") or "0-0"
        if word == "REPLAY":
            return self._first("replay", "replays", "list") or "1"
        return word

    def _first(self, name: str, *words: str) -> str:
        first = self.run(*words, "--json").stdout.partition("\n")[0]
        return str(orjson.loads(first).get(name)) if first.startswith("{") else ""


def _width_problems(name: str, text: str) -> Iterator[str]:
    for line in text.splitlines():
        if cell_len(line) > WIDTH:
            yield f"{name}: {cell_len(line)} columns: {line}"
        if any(not char.isprintable() for char in line):
            yield f"{name}: commands the terminal: {line!r}"


class Views:
    """Looks again and again while something happens, in one process for all tests of a run.

    The process is begun when it is first wanted: to load every command takes half a second.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._busy = False

    @contextmanager
    def watched(self, environment: Mapping[str, str], *, closes: bool = True) -> Iterator[None]:
        """While this lasts, look at a server; in the end, fail if a view was wrong.

        Args:
            environment: of the commands; only variables of ours are used.
            closes: whether the sums must close all the time.
        """
        if self._busy:  # a part of what is watched already
            yield
            return
        ours = {name: word for name, word in environment.items() if name.startswith(PREFIX)}
        self._busy = True
        self._say({"environment": ours, "closes": closes})
        try:
            yield
        except BaseException:
            self._stop()
            raise
        problems = self._stop()
        assert not problems, "views were wrong meanwhile:\n" + "\n".join(problems)

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.communicate(timeout=ENDS_WITHIN_S)

    def _stop(self) -> list[str]:
        process = self._say(None)
        assert process.stdout is not None
        self._busy = False
        ready, _, _ = select.select([process.stdout], [], [], ENDS_WITHIN_S)
        if not ready:
            process.kill()
            self.close()
            return [f"no view answered within {ENDS_WITHIN_S:g} s"]
        problems: list[str] = orjson.loads(process.stdout.readline() or b'["the looker has ended"]')
        return problems

    def _say(self, words: Any) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.looks"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment({}),
            )
        assert self._process.stdin is not None
        self._process.stdin.write(orjson.dumps(words, option=orjson.OPT_APPEND_NEWLINE))
        self._process.stdin.flush()
        return self._process


VIEWS: Final = Views()
"""Of this run; `tests/conftest.py` closes it."""


def _until(ended: Callable[[float], bool], looker: Looker) -> Iterator[str]:
    """Look at one thing after the other, with a pause after each, until it has ended."""
    while True:
        for path, variants in LOOKS.items():
            for arguments in variants:
                if path in RARE:
                    continue
                yield from looker.problems_of(path, arguments)
                if ended(PAUSE_S):
                    return


def _program() -> None:
    # Unbuffered: what a buffer has taken already, `select` does not see.
    told = io.FileIO(sys.stdin.fileno(), closefd=False)
    while start := told.readline():
        given = orjson.loads(start)
        looker = Looker(given["environment"], closes=given["closes"])
        seen = dict.fromkeys(
            _until(lambda within_s: bool(select.select([told], [], [], within_s)[0]), looker)
        )
        told.readline()
        sys.stdout.buffer.write(orjson.dumps(list(seen)[:SHOWN], option=orjson.OPT_APPEND_NEWLINE))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _program()
