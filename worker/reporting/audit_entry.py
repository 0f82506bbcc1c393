"""One entry of the audit, as scripts write it, and as it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

import orjson

from worker.reporting.log import Log
from worker.reporting.redaction import redacted
from worker.reporting.stored import document_of, seconds_of, text_of, whole_of

log = Log("tiktok_events.audit")

MAX_ENTRIES: Final = 50_000
"""How many entries are kept, about 6 MB; dropped ones are counted as `audit_trimmed`."""

MAX_WHAT_CHARS: Final = 300

WORKER: Final = "worker"
"""Who did what a worker did on its own."""

JUNK: Final = "unreadable"
"""Stands for a value that our code did not write."""

UNDER_WAY: Final = "under way"
INTERRUPTED: Final = "interrupted"
SILENCE_S: Final = 60.0
"""Seconds after which an act without a step and without an end counts as interrupted."""


class Action(StrEnum):
    """What a person can do to events, or a worker for a person."""

    PARK = "park"
    RESUME = "resume"
    BURY = "bury"
    EDIT = "edit"
    REPLAY = "replay"
    PURGE = "purge"
    IMPORT = "import"
    ERASE = "erase"
    EXPORT = "export"
    REVEAL = "reveal"
    SEND = "send"


@dataclass(frozen=True, slots=True)
class Entry:
    """What was done.

    Attributes:
        at: Unix seconds on the server's clock; for an act of many steps, its beginning.
        who: an operator's name, or ``WORKER``.
        action: one of ``Action``.
        what: the destination, or the filter in words.
        count: how many events or letters it concerned so far.
        result: the result in a word or two; ``UNDER_WAY`` or ``INTERRUPTED`` if it has not ended.
        facts: further facts, by name.
        id: id of the entry.
    """

    at: float
    who: str
    action: str
    what: str | None
    count: int | None
    result: str | None
    facts: Mapping[str, Any]
    id: str = ""

    @classmethod
    def read(
        cls, entry_id: bytes, fields: Mapping[bytes, bytes], progress: Progress | None = None
    ) -> Self:
        """Read an entry from Redis, with the progress of an act of many steps.

        A missing or malformed value becomes `JUNK`, or is left out.
        """
        known = {text_of(name): text_of(value) for name, value in fields.items()}
        facts = document_of(fields.get(b"facts", b"{}"))
        if not isinstance(facts, dict):
            facts = {JUNK: known["facts"]}
        return cls(
            at=seconds_of(entry_id.partition(b"-")[0]) or 0.0,
            who=known.get("who", JUNK),
            action=known.get("action", JUNK),
            what=known.get("what"),
            count=whole_of(fields.get(b"count", b"")) if progress is None else progress.count,
            result=known.get("result") if progress is None else progress.result,
            facts=facts | dict(progress.facts if progress else {}),
            id=text_of(entry_id),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the entry as one JSON object."""
        return {
            "at": self.at,
            "who": self.who,
            "action": self.action,
            "what": self.what,
            "count": self.count,
            "result": self.result,
            "facts": dict(self.facts),
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an act has come.

    Attributes:
        count: number of events or letters that the act changed.
        result: how it ended, or that it has not ended.
        facts: further counts.
    """

    count: int
    result: str
    facts: Mapping[str, int]

    @classmethod
    def sum(cls, documents: Sequence[bytes], now: float) -> Self | None:
        """Sum what the scripts keep in all shards, as of `now` (Unix seconds).

        The result is ``None`` if there is nothing valid. The last document is that of the entry.
        """
        known = [document_of(document) for document in documents]
        facts: Counter[str] = Counter()
        try:
            silent_s = now - max(one["at"] for one in known) / 1000
            unended = INTERRUPTED if silent_s > SILENCE_S else UNDER_WAY
            for one in known:
                facts.update(one["facts"])
            count = round(sum(one["count"] for one in known))
            return cls(count, str(known[-1].get("result", unended)), dict(facts))
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
            return None


def entry_parts(
    action: Action,
    *,
    who: str,
    what: str | None = None,
    count: int | None = None,
    result: str | None = None,
    **facts: Any,
) -> list[Any]:
    """Return an entry in the form of scripts that write it together with what it describes.

    Args:
        action: what is done.
        who: ``operator(settings)``, or ``WORKER``.
        what: the destination, or the filter in words; never a person.
        count: how many events or letters it concerns.
        result: the result in a word or two.
        **facts: numbers, flags and short texts; personal data in a text are redacted.

    Returns:
        How many entries are kept, then field, value, …; all but the first are texts.
    """
    parts = {
        "who": who,
        "action": action.value,
        "what": what and what[:MAX_WHAT_CHARS],
        "count": None if count is None else str(count),
        "result": result and redacted(result),
        "facts": _written(facts),
    }
    return [MAX_ENTRIES, *(word for pair in parts.items() if pair[1] is not None for word in pair)]


def entry_json(action: Action, **given: Any) -> bytes:
    """Return `entry_parts` as one JSON argument."""
    return orjson.dumps(entry_parts(action, **given))


def unwritten(action: Action) -> None:
    """Log that an act could not be recorded; nothing else stops because of it."""
    log.warning("audit_unwritten", reason=action.value)


def _written(facts: Mapping[str, Any]) -> str | None:
    known = {name: _harmless(value) for name, value in facts.items() if value is not None}
    return orjson.dumps(known).decode() if known else None


def _harmless(value: Any) -> Any:
    return redacted(value) if isinstance(value, str) else value
