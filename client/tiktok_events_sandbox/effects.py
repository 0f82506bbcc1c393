"""What a rule does to a request: one class for each kind of fault.

Source: the faults are those that senders report of the service, with their literal texts
(github.com/rudderlabs/rudder-transformer, tests of tiktok_ads; github.com/airbytehq/airbyte, tests
of source-tiktok-marketing), and those that any HTTP service has sooner or later. Read 2026-11-22.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from tiktok_events_sandbox.api import refusal_of
from tiktok_events_sandbox.checks import Problem, Refusal
from tiktok_events_sandbox.exchange import HTML, Ending, Reply
from tiktok_events_sandbox.fields import flag, number, one_of, text, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

BEFORE_READING: Final = "before_reading"
AFTER_READING: Final = "after_reading"

_HOUR_S: Final = 3600
_DAY_S: Final = 86_400


class Exchange(Protocol):
    """The request that an effect changes, and what can be done with it."""

    @property
    def marked(self) -> int:
        """Return the index of the first event that the rule's marks fit, else 0."""

    def serve(self) -> Reply:
        """Check and count the events as if there were no fault."""

    def refuse(self, refusal: Refusal) -> Reply:
        """Count a refusal and return its reply."""

    def success(self) -> Reply:
        """Return a reply of success; nothing is counted."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer with a code; the message is the service's own where it is known."""

    code: int = field(metadata=whole(1, 99_999))
    message: str = field(default="", metadata=text())
    http_status: int = field(default=200, metadata=whole(200, 599))

    def impose(self, exchange: Exchange) -> Reply:
        """Refuse the request."""
        message = self.message or refusal_of(self.code).message
        return exchange.refuse(Refusal(self.code, message, self.http_status))


@dataclass(frozen=True, slots=True)
class Slow:
    """Wait before the answer; the following rules still apply."""

    delay_s: float = field(metadata=number(0, _HOUR_S))

    def impose(self, exchange: Exchange) -> Reply:
        """Serve the request; the server adds the delay."""
        return exchange.serve()


@dataclass(frozen=True, slots=True)
class Throttle:
    """Answer 40100 to the token for some seconds from the first request that matches.

    The first match after that throttles again, unless ``times`` limits the rule.

    Warning: ``retry_after`` sends a header that no known answer of the service has.
    """

    for_s: float = field(metadata=number(0, _DAY_S))
    retry_after: bool = field(default=False, metadata=flag())
    http_status: int = field(default=200, metadata=whole(200, 599))

    def impose(self, exchange: Exchange) -> Reply:
        """Refuse the request, with the seconds that remain where asked for."""
        known = refusal_of(40100)
        reply = exchange.refuse(Refusal(known.code, known.message, self.http_status))
        if not self.retry_after:
            return reply
        headers = (("Retry-After", str(math.ceil(self.for_s))),)
        return Reply(reply.status, reply.body, headers=headers)


@dataclass(frozen=True, slots=True)
class Revoke:
    """Answer 40105 to the token from the first request that matches until it is restored."""

    def impose(self, exchange: Exchange) -> Reply:
        """Refuse the request."""
        return exchange.refuse(refusal_of(40105))


@dataclass(frozen=True, slots=True)
class Refuse:
    """Refuse the batch with 40002 for its first marked event, naming its index or not."""

    with_index: bool = field(default=False, metadata=flag())

    def impose(self, exchange: Exchange) -> Reply:
        """Refuse the request in the words of a real refusal."""
        problem = Problem("event_id", "not a valid string")
        return exchange.refuse(problem.refusal(exchange.marked, with_index=self.with_index))


@dataclass(frozen=True, slots=True)
class _Unclear:
    """An effect that does not tell the sender whether the events were taken.

    With ``accept`` they are checked and counted first, so that sending them again is a repeat.
    """

    accept: bool = field(default=False, metadata=flag())

    def settle(self, exchange: Exchange) -> None:
        """Count the events if the rule says so."""
        if self.accept:
            exchange.serve()


@dataclass(frozen=True, slots=True)
class Html(_Unclear):
    """Answer with the HTML page of a gateway."""

    http_status: int = field(default=502, metadata=whole(200, 599))

    def impose(self, exchange: Exchange) -> Reply:
        """Answer with a page that holds no JSON."""
        self.settle(exchange)
        title = f"{self.http_status} Bad Gateway"
        page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
        return Reply(self.http_status, page.encode(), HTML)


@dataclass(frozen=True, slots=True)
class Hang(_Unclear):
    """Read the body and never answer, until the sender or ``max_s`` ends the connection."""

    max_s: float = field(default=600.0, metadata=number(0, _DAY_S))

    def impose(self, exchange: Exchange) -> Reply:
        """Leave the sender waiting."""
        self.settle(exchange)
        return Reply(ending=Ending.HANG, hang_s=self.max_s)


@dataclass(frozen=True, slots=True)
class Reset(_Unclear):
    """End the connection with a TCP reset, before or after the body is read."""

    when: str = field(default=AFTER_READING, metadata=one_of(BEFORE_READING, AFTER_READING))

    def impose(self, exchange: Exchange) -> Reply:
        """Reset the connection."""
        self.settle(exchange)
        return Reply(ending=Ending.RESET)


@dataclass(frozen=True, slots=True)
class Empty(_Unclear):
    """Answer 200 with an empty body."""

    def impose(self, exchange: Exchange) -> Reply:
        """Send no answer."""
        self.settle(exchange)
        return Reply()


@dataclass(frozen=True, slots=True)
class NoCode(_Unclear):
    """Answer 200 with a JSON object that has no code."""

    def impose(self, exchange: Exchange) -> Reply:
        """Reply with JSON that has no code."""
        self.settle(exchange)
        return Reply(body=b'{"message":"OK"}')


@dataclass(frozen=True, slots=True)
class Truncated(_Unclear):
    """Answer success, but close the connection in the middle of the body."""

    def impose(self, exchange: Exchange) -> Reply:
        """Cut the reply short."""
        self.settle(exchange)
        return Reply(body=exchange.success().body, ending=Ending.TRUNCATE)


@dataclass(frozen=True, slots=True)
class Redirect:
    """Answer with a redirect, which must not be followed with a token."""

    location: str = field(default="/elsewhere/", metadata=text())
    http_status: int = field(default=302, metadata=whole(300, 399))

    def impose(self, _exchange: Exchange) -> Reply:
        """Redirect the request to another address."""
        return Reply(self.http_status, headers=(("Location", self.location),))


Effect = (
    Answer
    | Slow
    | Throttle
    | Revoke
    | Refuse
    | Html
    | Hang
    | Reset
    | Empty
    | NoCode
    | Truncated
    | Redirect
)  # fmt: skip — one kind a word

EFFECTS: Final[Mapping[str, type[Effect]]] = {
    "answer": Answer,
    "slow": Slow,
    "throttle": Throttle,
    "revoke": Revoke,
    "refuse": Refuse,
    "html": Html,
    "hang": Hang,
    "reset": Reset,
    "empty": Empty,
    "no_code": NoCode,
    "truncated": Truncated,
    "redirect": Redirect,
}
