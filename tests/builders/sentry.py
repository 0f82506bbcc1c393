"""What Sentry would be sent, and what makes it be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from sentry_sdk.transport import Transport

from worker.attempts.verdict import Answer, Verdict

if TYPE_CHECKING:
    from sentry_sdk.envelope import Envelope
from tests.builders.canaries import CANARIES

DSN = "https://key@sentry.invalid/1"
DESTINATION = "web:C0CANARY"
REVOKED = Answer(Verdict.CREDENTIAL, code=40105, message="Access token has been revoked.")


class Collector(Transport):
    """Keeps what would be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.envelopes: list[Envelope] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        """Keep an envelope."""
        self.envelopes.append(envelope)

    def events(self) -> list[dict[str, Any]]:
        """The events of all envelopes, as they would go over the wire."""
        return [orjson.loads(item.get_bytes()) for each in self.envelopes for item in each.items]

    def tags(self) -> list[dict[str, Any]]:
        """The tags of every event."""
        return [event["tags"] for event in self.events()]

    def event(self) -> dict[str, Any]:
        """The only event."""
        (only,) = self.events()
        return only

    def wire(self) -> str:
        """All bytes that would be sent."""
        return b"".join(each.serialize() for each in self.envelopes).decode()

    def leaks(self) -> list[str]:
        """The planted values that would be sent."""
        return [value for value in CANARIES if value in self.wire()]
