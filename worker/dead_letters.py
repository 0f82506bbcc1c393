"""Dead letters: events that will not be sent again without a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final, Self, cast

import orjson
from redis import Redis

from tiktok_events import keys
from tiktok_events.destination import Destination
from tiktok_events.lua_script import LuaScript
from worker.history import History
from worker.redaction import redacted

PAGE: Final = 500
"""Letters read in one round trip."""


class Reason(StrEnum):
    """Why an event died."""

    INVALID = "invalid"
    REJECTED = "rejected"
    EXPIRED = "expired"
    EXHAUSTED = "exhausted"
    CRASH_LOOP = "crash_loop"
    OVERSIZE = "oversize"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that died, with everything needed to understand, repair and replay it.

    Attributes:
        id: short, unique; ``""`` until it is buried.
        event_id: of the event.
        event: its name.
        destination: where it was to go.
        reason: why it died.
        code: the API's, if it refused the event.
        message: what was wrong, in words; without personal data.
        path: of the field that was wrong, if one is known.
        request_id: of the refusing answer.
        attempts: requests that carried it and counted.
        ambiguous: one of them may have been accepted unseen.
        first_accepted_at: Unix seconds.
        died_at: Unix seconds.
        expires_at: Unix seconds; after it the event is too old to be sent.
        value: of the conversion.
        currency: of the value.
        log: attempts, the first and the last five.
        replays: Unix seconds of each replay before this death.
        body: the event as it was to be sent, match keys hashed.
    """

    id: str
    event_id: str | None
    event: str | None
    destination: str
    reason: str
    code: int | None
    message: str
    path: str | None
    request_id: str | None
    attempts: int
    ambiguous: bool
    first_accepted_at: float
    died_at: float
    expires_at: float
    value: float | None
    currency: str | None
    log: Sequence[Mapping[str, Any]]
    replays: Sequence[float]
    body: Any

    @classmethod
    def of(  # noqa: PLR0913 — because a dead letter is where all of this comes together
        cls,
        body: Any,
        *,
        destination: str,
        reason: Reason,
        message: str,
        history: History,
        died_at: float,
        expires_at: float,
        code: int | None = None,
        path: str | None = None,
        request_id: str | None = None,
    ) -> Self:
        """The letter of an event that dies now."""
        event = body if isinstance(body, dict) else {}
        properties = event.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        return cls(
            id="",
            event_id=_text(event.get("event_id")),
            event=_text(event.get("event")),
            destination=destination,
            reason=reason.value,
            code=code,
            message=redacted(message),
            path=path,
            request_id=request_id,
            attempts=history.attempts,
            ambiguous=history.ambiguous,
            first_accepted_at=history.accepted_at,
            died_at=round(died_at, 3),
            expires_at=round(expires_at, 3),
            value=_number(properties.get("value")),
            currency=_text(properties.get("currency")),
            log=history.log,
            replays=history.replays,
            body=body,
        )

    @classmethod
    def read(cls, letter_id: str, document: bytes) -> Self:
        """From Redis."""
        return cls(**(orjson.loads(document) | {"id": letter_id}))

    def write(self) -> str:
        """As it stands in Redis; the id is its key there."""
        return orjson.dumps({k: v for k, v in asdict(self).items() if k != "id"}).decode()

    def summary(self) -> dict[str, Any]:
        """Everything but the body and the log."""
        return {k: v for k, v in asdict(self).items() if k not in {"body", "log"}}

    def history(self, *replayed_at: float) -> History:
        """What travels with the event when it is replayed."""
        return History(
            accepted_at=self.first_accepted_at,
            attempts=self.attempts,
            ambiguous=self.ambiguous,
            log=tuple(dict(entry) for entry in self.log),
            replays=(*self.replays, *(round(at, 3) for at in replayed_at)),
        )


def _text(value: object) -> str | None:
    return value[:200] if isinstance(value, str) else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


class DeadLetters:
    """All dead letters, in the order of their deadlines.

    Args:
        redis: a connection.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._bury = LuaScript(redis, "worker", "bury")
        self._revive = LuaScript(redis, "worker", "revive")
        self._purge = LuaScript(redis, "worker", "purge")

    def __len__(self) -> int:
        return self._redis.hlen(keys.DEAD)

    def __iter__(self) -> Iterator[DeadLetter]:
        """Every letter, nearest deadline first; memory does not grow with their number."""
        first = 0
        while ids := cast(
            "list[bytes]", self._redis.zrange(keys.DEADLINES, first, first + PAGE - 1)
        ):
            yield from self._get_all([letter_id.decode() for letter_id in ids])
            first += PAGE

    def get(self, letter_id: str) -> DeadLetter | None:
        """One letter."""
        return next(iter(self._get_all([letter_id])), None)

    def bury(self, letter: DeadLetter) -> str:
        """Bury an event that never was in an outbox; returns the letter's id."""
        reply = self._bury(
            keys=[keys.SEQUENCE, keys.COUNTERS, keys.DEAD, keys.DEADLINES],
            args=[letter.write(), letter.expires_at, letter.reason],
        )
        return cast("bytes", reply).decode()

    def replay(self, letter_id: str, *, now: float) -> bool:
        """Put one letter's event back into its outbox; once, however many ask at a time.

        It keeps its `event_id`, `event_time` and history.

        Returns:
            False when the letter is gone.

        Raises:
            InvalidDestination: the letter never had a destination to go back to.
        """
        document = cast("bytes | None", self._redis.hget(keys.DEAD, letter_id))
        if document is None:
            return False
        letter = DeadLetter.read(letter_id, document)
        destination = Destination.from_key(letter.destination).key
        return bool(
            self._revive(
                keys=[
                    keys.READY,
                    keys.outbox(destination),
                    keys.state(destination),
                    keys.attempts(destination),
                    keys.COUNTERS,
                    keys.SEQUENCE,
                    keys.DEAD,
                    keys.DEADLINES,
                ],
                args=[
                    destination,
                    letter_id,
                    document,
                    orjson.dumps([letter.body]),
                    letter.history(now).write(),
                ],
            )
        )

    def purge(self, letter_ids: Sequence[str]) -> int:
        """Remove letters for good; returns how many there were, and counts them."""
        removed = 0
        for first in range(0, len(letter_ids), PAGE):
            removed += cast(
                "int",
                self._purge(
                    keys=[keys.COUNTERS, keys.DEAD, keys.DEADLINES],
                    args=list(letter_ids[first : first + PAGE]),
                ),
            )
        return removed

    def _get_all(self, letter_ids: Sequence[str]) -> Iterator[DeadLetter]:
        documents = cast("list[bytes | None]", self._redis.hmget(keys.DEAD, list(letter_ids)))
        for letter_id, document in zip(letter_ids, documents, strict=True):
            if document is not None:
                yield DeadLetter.read(letter_id, document)
