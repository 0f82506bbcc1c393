"""Tell what awaits a letter that is replayed unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.letters.letter import DeadLetter, Reason

if TYPE_CHECKING:
    from schemas import Finding

NO_BODY: Final = "its body was not kept; send the event again"


def dies_of(
    letter: DeadLetter, *, strict: bool, passing: frozenset[str] = frozenset()
) -> Finding | None:
    """Return why a worker would bury the event before sending it; `None` if it would be sent.

    Args:
        letter: the letter as it is in Redis, with a destination.
        strict: whether its destination ends an event for any key that cannot be used.
        passing: further keys of ``user`` that pass as they are.
    """
    from schemas import Finding, check_event  # noqa: PLC0415 — because only this loads the schemas

    if not isinstance(letter.body, dict):
        return Finding("", NO_BODY)
    errors = check_event(letter.body, letter.source, strict=strict, passing=passing).errors
    return errors[0] if errors else None


def is_as_refused(letter: DeadLetter) -> bool:
    """Return whether the API has refused exactly this event, and nobody has edited it since."""
    edited = any(edit["at"] > letter.died_at for edit in letter.edits)
    return letter.reason == Reason.REJECTED and not edited
