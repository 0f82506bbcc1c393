"""One dead letter on a terminal, whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import orjson
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from worker.attempts.history import KEPT
from worker.cli.dead.columns import UNKNOWN
from worker.cli.dead.letter_list import EXPIRED
from worker.cli.dead.money import amount_text
from worker.cli.labelled import labelled
from worker.cli.terminal import (
    age,
    cell,
    counted,
    facts_table,
    plain_table,
    printable,
    until,
    utc,
)
from worker.letters.dead_letters import DeadLetter

NO_LETTERS: Final = "There are no dead letters: every event was delivered or still waits."


def print_letter(console: Console, letter: DeadLetter, now: float) -> None:
    """One letter, whole."""
    console.print(facts_table(_named(letter, now)))
    console.print(*_attempts(letter), sep="\n")
    console.print(Text("\nbody", style="bold"))
    console.print(Text(_pretty(letter.body), overflow="fold"))


def _named(letter: DeadLetter, now: float) -> Iterator[tuple[str, str]]:
    yield "dead letter", letter.id
    yield "event", letter.event or UNKNOWN
    yield "event_id", letter.event_id or UNKNOWN
    yield "destination", labelled(letter.destination) or "none: it cannot be replayed"
    yield "reason", letter.reason
    yield "code", UNKNOWN if letter.code is None else str(letter.code)
    yield "message", letter.message
    yield "field", letter.path or UNKNOWN
    yield "request_id", letter.request_id or UNKNOWN
    yield "order", letter.order_id or UNKNOWN
    yield "value", amount_text(letter.stated_value, letter.currency) or UNKNOWN
    yield "accepted", _when(letter.first_accepted_at, now)
    yield "died", _when(letter.died_at, now)
    yield "expires", _expires(letter, now)
    yield "ambiguous", "yes: an attempt may have been accepted unseen" if letter.ambiguous else "no"
    yield "replays", ", ".join(_when(replay, now) for replay in letter.replays) or "none"
    for edit in letter.edits:
        yield "edited", f"{_when(edit['at'], now)}, by {edit['who']}: {', '.join(edit['paths'])}"


def _expires(letter: DeadLetter, now: float) -> str:
    if not letter.has_deadline:
        return "nobody knows: the event has no time that can be read"
    return f"{utc(letter.expires_at)}, {until(letter.expires_at, now, past=EXPIRED)}"


def _when(timestamp: float, now: float) -> str:
    return f"{utc(timestamp)}, {age(now - timestamp)} ago"


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
            UNKNOWN if code is None else str(code),
            f"{attempt['duration_ms']:,} ms",
            cell(request_id or UNKNOWN),
        )
    return table


def _pretty(body: Any) -> str:
    if body is None:
        return "not kept: the event was refused before its match keys were hashed"
    text = orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()
    return "\n".join(map(printable, text.split("\n")))
