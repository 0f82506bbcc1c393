"""The withdrawal of a visitor's consent: whose events workers are to erase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, Self

import orjson

from tiktok_events.errors import InvalidEvent
from tiktok_events.event.match_keys import prepare_user
from tiktok_events.outbox.commit import Commit
from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.wire import written

KEYS: Final = ("email", "phone", "external_id", "ttclid", "ttp")
"""Match keys that belong to one person, or to one browser."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Match keys of a visitor; the repr shows none.

    Attributes:
        values: match key → its values as events have them: digests, or the plain id of a click
            or a browser.
    """

    values: Mapping[str, list[str]] = field(repr=False)

    @classmethod
    def of(cls, user: Mapping[str, Any], region: str | None) -> Self:
        """Return the withdrawal of the visitor with these match keys, raw or hashed.

        Raises:
            InvalidEvent: none of them tells a person or a browser.
        """
        prepared = prepare_user(user, region)
        values = {key: _texts(prepared[key]) for key in KEYS if prepared.get(key)}
        if not values:
            raise InvalidEvent(f"needs one of {', '.join(KEYS)}", path="user")
        return cls(values)

    @classmethod
    def read(cls, body: bytes) -> Self | None:
        """Return the withdrawal that `body` wrote, or nothing for any other text."""
        try:
            given = orjson.loads(body)
            return cls({key: _texts(given[key]) for key in KEYS if given.get(key)})
        except (orjson.JSONDecodeError, TypeError, AttributeError):
            return None

    def body(self) -> bytes:
        """Return it as Redis stores it."""
        return orjson.dumps(self.values, option=orjson.OPT_SORT_KEYS)

    def field(self) -> str:
        """Return its name in Redis: the same for the same visitor."""
        return sha256(self.body()).hexdigest()

    def commit(self, keys: Keys) -> Commit:
        """Return the call that stores it."""
        command = written(("HSET", keys.withdrawals, self.field(), self.body()))
        return Commit.of_command(command, keys)

    def owns(self, event: Mapping[str, Any]) -> bool:
        """Return whether an event with prepared match keys is this visitor's."""
        user = event.get("user") or {}
        return any(set(_texts(user.get(key))) & set(values) for key, values in self.values.items())


def _texts(value: Any) -> list[str]:
    """Return the texts of a match key, one or several; anything else is ignored."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
