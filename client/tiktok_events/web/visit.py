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
"""Key or attribute under which environs, scopes and Django's requests hold the visit."""

_current: ContextVar[Visit | None] = ContextVar("tiktok_events_visit", default=None)


@dataclass(frozen=True, slots=True)
class Visit:
    """What a middleware knows of the request that is being answered.

    Attributes:
        policy: what may be shared of this visitor, by the page and by the server.
        captured: the parts of an event that the request told; empty without consent.
        browser: ids that the browser keeps, even without consent: the click id and the Pixel's
            cookie. Only a withdrawal reads them, to find what an earlier consent left.
    """

    policy: Policy = DROP
    captured: Capture = field(default_factory=dict, repr=False)
    browser: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def consented(self) -> bool:
        """Return whether anything of this visitor may be reported, in full or limited."""
        return self.policy.use != "drop"

    @property
    def user(self) -> dict[str, str]:
        """Return the match keys: any of ``ttclid``, ``ttp``, ``ip``, ``user_agent``, ``locale``."""
        return dict(self.captured.get("user", {}))

    @property
    def page(self) -> dict[str, str]:
        """Return the page: any of ``url`` and ``referrer``."""
        return dict(self.captured.get("page", {}))

    def to_dict(self) -> dict[str, Any]:
        """Return the visit as JSON, to keep with an order that is reported later, elsewhere."""
        kept = {part: dict(values) for part, values in self.captured.items()}
        return {"use": self.policy.use, "remove": list(self.policy.remove), "captured": kept}

    @classmethod
    def from_dict(cls, kept: Any) -> Self:
        """Return the visit that `to_dict` wrote, or for anything else one without consent."""
        try:
            policy = Policy(kept["use"], tuple(kept["remove"]))
            captured = {part: dict(values) for part, values in kept["captured"].items()}
        except (TypeError, KeyError, ValueError, AttributeError):
            return cls()
        return cls(policy, captured)

    def __bool__(self) -> bool:
        return self.consented


def visit_of(request: Any) -> Visit:
    """Return the visit that a middleware captured of a request, else one without consent.

    Args:
        request: a request of Django, Flask, Starlette or FastAPI, a WSGI environ or an ASGI scope.

    Raises:
        TypeError: the argument is no request.
    """
    found = source_of(request).get(VISIT_KEY)
    return found if isinstance(found, Visit) else Visit()


def current_visit() -> Visit | None:
    """Return the visit of the current request; ``None`` outside of one."""
    return _current.get()


def with_capture(
    event: Mapping[str, Any], visit: Visit | Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return a new event with the captured parts; the event's own values take precedence.

    It lacks what the visit's policy removes and, without consent, all personal data. The policy
    alone decides whether it may be sent: ``client.track(…, policy=visit.policy)``.

    Args:
        event: any event.
        visit: a visit, or what `capture` returned; default: the current visit, if there is one.
    """
    captured = visit.captured if isinstance(visit, Visit) else visit or {}
    merged = dict(event)
    for part, values in captured.items():
        merged[part] = {**values, **(event.get(part) or {})}
    return dict(_shared_by(visit).applied_to(merged)) if isinstance(visit, Visit) else merged


def _shared_by(visit: Visit) -> Policy:
    return visit.policy if visit.consented else Policy("keep", remove=("user",))


def expose(visit: Visit) -> None:
    """Let `current_visit` return this visit from now on, in this context."""
    _current.set(visit)


def conceal() -> None:
    """Undo `expose`: a thread that is reused must not see the visit."""
    _current.set(None)
