"""A visit: what its request told, and what of it may be shared."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, Self

from tiktok_events.event.policy import DROP, Policy
from tiktok_events.web.capture import Capture
from tiktok_events.web.request import source_of

VISIT_KEY: Final = "tiktok_events.visit"
"""Where a WSGI environ or an ASGI scope holds the visit; Django's requests, too."""

_current: ContextVar[Visit | None] = ContextVar("tiktok_events_visit", default=None)


@dataclass(frozen=True, slots=True)
class Visit:
    """What a middleware knows of the request that is being answered.

    Attributes:
        policy: what may be shared of this visitor, with the page and with the server.
        captured: parts of an event that the request told; empty without consent.
        browser: ids that the browser keeps, click id and the Pixel's cookie, consent or not:
            only a withdrawal reads them, to find what is held of an earlier yes.
    """

    policy: Policy = DROP
    captured: Capture = field(default_factory=dict, repr=False)
    browser: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def consented(self) -> bool:
        """Whether anything of this visitor may be reported, in full or limited."""
        return self.policy.use != "drop"

    @property
    def user(self) -> dict[str, str]:
        """Match keys: any of ``ttclid``, ``ttp``, ``ip``, ``user_agent`` and ``locale``."""
        return dict(self.captured.get("user", {}))

    @property
    def page(self) -> dict[str, str]:
        """The page: any of ``url`` and ``referrer``."""
        return dict(self.captured.get("page", {}))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON, to be kept with an order that is reported later, outside of a page."""
        kept = {part: dict(values) for part, values in self.captured.items()}
        return {"use": self.policy.use, "remove": list(self.policy.remove), "captured": kept}

    @classmethod
    def from_dict(cls, kept: Any) -> Self:
        """Read what `to_dict` returned; what is none of that is a visit without consent."""
        try:
            policy = Policy(kept["use"], tuple(kept["remove"]))
            captured = {part: dict(values) for part, values in kept["captured"].items()}
        except (TypeError, KeyError, ValueError, AttributeError):
            return cls()
        return cls(policy, captured)

    def __bool__(self) -> bool:
        return self.consented


def visit_of(request: Any) -> Visit:
    """The visit of a request that a middleware has seen; one without consent for any other.

    Args:
        request: of Django, Flask, Starlette or FastAPI, a WSGI environ or an ASGI scope.

    Raises:
        TypeError: this is no request.
    """
    found = source_of(request).get(VISIT_KEY)
    return found if isinstance(found, Visit) else Visit()


def current_visit() -> Visit | None:
    """The visit of the request that is being answered; ``None`` outside of one."""
    return _current.get()


def with_capture(
    event: Mapping[str, Any], visit: Visit | Mapping[str, Any] | None
) -> dict[str, Any]:
    """A new event with the captured parts; what the event says itself goes first.

    What the visit's policy removes is not in it, and nothing of a person without consent.
    Whether it may be sent at all is the policy's word: ``client.track(…, policy=visit.policy)``.

    Args:
        event: any event.
        visit: a visit, or what `capture` returned; outside of a page there is none.
    """
    captured = visit.captured if isinstance(visit, Visit) else visit or {}
    merged = dict(event)
    for part, values in captured.items():
        merged[part] = {**values, **(event.get(part) or {})}
    return dict(_shared_by(visit).applied_to(merged)) if isinstance(visit, Visit) else merged


def _shared_by(visit: Visit) -> Policy:
    return visit.policy if visit.consented else Policy("keep", remove=("user",))


def expose(visit: Visit) -> None:
    """Let `current_visit` return this from now on, in this context."""
    _current.set(visit)


def conceal() -> None:
    """End what `expose` began: a thread that is used again must not see it."""
    _current.set(None)
