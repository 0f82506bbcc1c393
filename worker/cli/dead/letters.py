"""How dead letters look: a table of many, a page of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from worker.attempts.history import KEPT
from worker.cli.terminal import (
    GAP,
    age,
    cell,
    counted,
    cut_middle,
    facts_table,
    plain_table,
    printable,
    until,
    utc,
)
from worker.letters.dead_letters import DeadLetter

NO_LETTERS: Final = "There are no dead letters: every event was delivered or still waits."
EXPIRED: Final = "expired"
_HEADINGS: Final = ("id", "event", "destination", "reason", "code", "died", "expires")
_EVENT_CHARS: Final = 14
_DESTINATION_CHARS: Final = 17
_LEAST_MESSAGE_CHARS: Final = 12
_UNKNOWN: Final = "-"


def letter_table(letters: Sequence[DeadLetter], now: float, width: int) -> Table:
    """Many letters, one line each; the message is cut to what is left of `width` columns."""
    rows = [list(_row(letter, now)) for letter in letters]
    taken = [max(map(cell_len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    left = max(width - sum(taken) - GAP * len(taken), _LEAST_MESSAGE_CHARS)
    table = plain_table()
    for heading in (*_HEADINGS, "message"):
        table.add_column(heading, no_wrap=True)
    for letter, row in zip(letters, rows, strict=True):
        expires = Text(row[-1], style="red" if row[-1] == EXPIRED else "")
        table.add_row(*map(Text, row[:-1]), expires, cell(letter.message, left))
    return table


def _row(letter: DeadLetter, now: float) -> Iterator[str]:
    yield printable(letter.id)
    yield printable(letter.event or _UNKNOWN, _EVENT_CHARS)
    yield printable(cut_middle(letter.destination, _DESTINATION_CHARS) or _UNKNOWN)
    yield printable(letter.reason)
    yield _UNKNOWN if letter.code is None else str(letter.code)
    yield age(now - letter.died_at)
    yield until(letter.expires_at, now, past=EXPIRED)


def print_letter(console: Console, letter: DeadLetter, now: float) -> None:
    """One letter, whole."""
    console.print(facts_table(_named(letter, now)))
    console.print(*_attempts(letter), sep="\n")
    console.print(Text("\nbody", style="bold"))
    console.print(Text(_pretty(letter.body), overflow="fold"))


def _named(letter: DeadLetter, now: float) -> Iterator[tuple[str, str]]:
    yield "dead letter", letter.id
    yield "event", letter.event or _UNKNOWN
    yield "event_id", letter.event_id or _UNKNOWN
    yield "destination", letter.destination or "none: it cannot be replayed"
    yield "reason", letter.reason
    yield "code", _UNKNOWN if letter.code is None else str(letter.code)
    yield "message", letter.message
    yield "field", letter.path or _UNKNOWN
    yield "request_id", letter.request_id or _UNKNOWN
    yield "value", _money(letter)
    yield "accepted", _when(letter.first_accepted_at, now)
    yield "died", _when(letter.died_at, now)
    yield "expires", f"{utc(letter.expires_at)}, {until(letter.expires_at, now, past=EXPIRED)}"
    yield "ambiguous", "yes: an attempt may have been accepted unseen" if letter.ambiguous else "no"
    yield "replays", ", ".join(_when(replay, now) for replay in letter.replays) or "none"
    for edit in letter.edits:
        yield "edited", f"{_when(edit['at'], now)}, by {edit['who']}: {', '.join(edit['paths'])}"


def _when(timestamp: float, now: float) -> str:
    return f"{utc(timestamp)}, {age(now - timestamp)} ago"


def _money(letter: DeadLetter) -> str:
    if letter.value is None:
        return _UNKNOWN
    return f"{letter.value:,.2f} {letter.currency or ''}".strip()


def _attempts(letter: DeadLetter) -> Iterator[RenderableType]:
    """The log of attempts; of many, it has the first and the last only."""
    if not letter.log:
        yield Text("\nit was never sent", style="bold")
        return
    yield Text(f"\n{counted(letter.attempts, 'attempt')} that count", style="bold")
    yield _attempt_table(letter)
    if letter.attempts > len(letter.log):
        yield Text(f"Shown are the first {KEPT} and the last {KEPT}.")


def _attempt_table(letter: DeadLetter) -> Table:
    table = plain_table("at", "verdict", "code", "took", "request_id")
    for attempt in letter.log:
        code, request_id = attempt["code"], attempt["request_id"]
        table.add_row(
            utc(attempt["at"]),
            cell(attempt["verdict"]),
            _UNKNOWN if code is None else str(code),
            f"{attempt['duration_ms']:,} ms",
            cell(request_id or _UNKNOWN),
        )
    return table


def _pretty(body: Any) -> str:
    if body is None:
        return "not kept: the event was refused before its match keys were hashed"
    text = orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()
    return "\n".join(map(printable, text.split("\n")))
