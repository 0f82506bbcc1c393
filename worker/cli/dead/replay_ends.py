"""What became of the letters of a replay, for people: one by one, those that need one first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Console

from tiktok_events.outbox.store import Store
from worker.cli.dead.columns import Column, block_of
from worker.cli.dead.money import amount_text
from worker.cli.labelled import labels
from worker.letters.dead_letters import DeadLetters
from worker.replays.ends import LISTED, End, ReplayedLetter
from worker.replays.state import Replay

SHOWN: Final = 20

WORDS: Final = {
    End.DELIVERED: "delivered",
    End.WAITING: "still waiting",
    End.ERASED: "erased with a person's data",
}
_STYLES: Final = {End.DIED: "red", End.WAITING: "yellow"}


def count_lines(replay: Replay) -> Iterator[str]:
    """How many events came to which end."""
    if replay.delivered:
        yield f"{replay.delivered:>9,} delivered"
    for reason, count in replay.died.items():
        yield f"{count:>9,} died again: {reason}"
    if replay.erased:
        yield f"{replay.erased:>9,} erased"
    if replay.waiting:
        yield f"{replay.waiting:>9,} still waiting"


def print_ends(
    out: Console, store: Store, replay: Replay, letters: Sequence[ReplayedLetter], limit: int
) -> None:
    """Print what became of each letter.

    Args:
        out: where to.
        store: for what is known of those that died again.
        replay: whose letters they are.
        letters: those that are known one by one.
        limit: how many are shown at most.
    """
    if not letters:
        return
    shown = letters[:limit]
    below = [_message(store, one) for one in shown]
    styles = [_STYLES.get(one.end, "") for one in shown]
    out.print()
    out.print(block_of(list(_columns(shown)), below, styles, out.width), soft_wrap=True)
    if (more := len(letters) - limit) > 0:
        out.print(f"and {more:,} more: tiktok-events replays show {replay.number} --all")
    elif replay.replayed > len(letters):
        out.print(f"The first {LISTED:,} letters are known one by one, the others by their count.")


def _columns(letters: Sequence[ReplayedLetter]) -> Iterator[Column]:
    column, known = Column.of, labels()
    amounts = (amount_text(one.value, one.currency) for one in letters)
    yield column("id", (one.id for one in letters), middle=True, shrinks=False)
    yield column("event", (one.event or "" for one in letters))
    yield column("order", (one.order_id or "" for one in letters), middle=True)
    yield column("value", amounts, right=True, shrinks=False)
    yield column("destination", (known.short(one.destination) for one in letters), middle=True)
    yield column("became", map(_became, letters), shrinks=False)


def _became(one: ReplayedLetter) -> str:
    return WORDS.get(one.end) or f"dead again, {one.reason}: {one.died_as}"


def _message(store: Store, one: ReplayedLetter) -> str:
    """Why it died again, as long as the new letter is there."""
    if one.died_as is None:
        return ""
    letter = DeadLetters(store).get(one.died_as)
    return "replayed, purged or erased since" if letter is None else letter.message
