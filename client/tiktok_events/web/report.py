"""What was done with an event that page and server report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tiktok_events.web.pixel import pixel_script
from tiktok_events.web.script_text import ScriptText


class Answer(StrEnum):
    """What became of an event for one Pixel code, on the server's side."""

    ENQUEUED = "enqueued"
    """The event is in the outbox, or in the spool."""

    WITHHELD = "withheld"
    """The policy withholds the event."""

    FAULTY = "faulty"
    """The event is invalid, or the outbox could not be reached; either is logged and counted."""

    PAGE_ONLY = "page only"
    """With the set-up `pixel`, the server does not report."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was done with an event.

    Attributes:
        event_id: the id that both channels share.
        answers: Pixel code → what became of the event on the server's side.
        pixel: the page's report as JSON, or ``None`` if the page reports nothing. Keep it with the
            order, and give it to `pixel_script` or a template's ``tiktok_pixel``. It holds no match
            key, and digests only with ``identify``.
    """

    event_id: str
    answers: Mapping[str, Answer]
    pixel: dict[str, Any] | None = field(repr=False)

    def script(self, *, nonce: str | None = None) -> ScriptText:
        """Return the script element for the page; empty if the page reports nothing."""
        return pixel_script(self.pixel, nonce=nonce)
