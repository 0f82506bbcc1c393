"""A data subject, known by the digests of e-mail addresses, phone numbers and ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

from tiktok_events.errors import InvalidEvent
from tiktok_events.event.match_keys import apply_rule
from tiktok_events.event.match_rules import MATCH_RULES, trim
from tiktok_events.event.phone import read_phone
from tiktok_events.event.prepare import EventPreparer
from tiktok_events.event.remarks import Reason

IDENTIFYING: Final = ("email", "phone", "external_id")
"""Match keys that belong to one person; many people share a name or a postal code."""


@dataclass(frozen=True, slots=True)
class DataSubject:
    """The person whose events are meant; its repr shows nothing, as a digest is personal too.

    Attributes:
        digests: match key → digests of its values in events, lower case.
        raw: the values as given, in lower case.
    """

    digests: Mapping[str, frozenset[str]] = field(repr=False)
    raw: frozenset[str] = field(default=frozenset(), repr=False)

    @classmethod
    def of(cls, values: Mapping[str, Sequence[str]], default_region: str | None) -> Self:
        """Return the data subject with any of these values.

        A phone number without a country code is hashed twice: with the default region, and
        without one, because the application that tracked it may have had none.

        Args:
            values: match key, one of ``IDENTIFYING`` → values, raw or already SHA-256 hex.
            default_region: country of phone numbers without a country code.

        Raises:
            InvalidEvent: one of the values cannot be in any event; ``path`` is its match key, and
                the message does not have the value.
        """
        return cls(
            {
                key: frozenset(
                    digest for value in given for digest in _digests(key, value, default_region)
                )
                for key, given in values.items()
                if given
            },
            frozenset(trim(value).lower() for given in values.values() for value in given),
        )

    def may_be_in(self, payload: bytes) -> bool:
        """Return whether a block may hold one of the digests, or a value as given.

        The search is quick, and misses nothing that our clients have written. Raw values from other
        producers are found in the spelling given.
        """
        lowered = payload.lower()
        return any(
            text.encode() in lowered
            for texts in (*self.digests.values(), self.raw)
            for text in texts
        )

    def owns(self, event: Any) -> bool:
        """Return whether an event has one of the digests as the value of its match key."""
        user = _user_of(event)
        return any(
            value in digests
            for key, digests in self.digests.items()
            for value in _texts(user.get(key))
        )


def _digests(key: str, value: str, default_region: str | None) -> set[str]:
    rule = MATCH_RULES[key]
    regions = {default_region, None} if key == "phone" else {None}
    sent = [apply_rule(rule, value, region)[2] for region in regions]
    digests = {digest for one in sent for digest in _texts(one)}
    if not digests:
        raise InvalidEvent(_why_nothing(key, value, default_region), path=key)
    return digests


def _user_of(event: Any) -> Mapping[str, Any]:
    """Return the match keys of a stored event, hashed even if another producer wrote them raw."""
    if not isinstance(event, dict):
        return {}
    try:
        closed = EventPreparer({}, None, max_bytes=0).closed(event)
    except InvalidEvent:
        closed = event
    user = closed.get("user")
    return user if isinstance(user, dict) else {}


def _why_nothing(key: str, value: str, default_region: str | None) -> str:
    if key == "phone" and trim(value):
        reason = read_phone(trim(value), default_region).reason.value
        return f"{reason} Give it with its country code, such as +49 …"
    if key == "email" and trim(value):
        return Reason.NO_ADDRESS.value
    return "There is nothing in it."


def _texts(value: Any) -> Iterator[str]:
    """Return the texts of a match key: one, or those of an array; digests may be in capitals."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str):
            yield one.lower()
