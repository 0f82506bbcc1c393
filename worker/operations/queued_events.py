"""Find a data subject's events in Celery messages (`tiktok_events.track`) not yet read.

They are in the broker's lists as their producers wrote them, with match keys raw or hashed; a
message that a worker has taken but not handed over is in `unacked`. While kombu moves a message
from one to the other, it is in neither and cannot be found.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator
from typing import Any, Final, cast

import orjson
from redis import Redis

from tiktok_events.errors import InvalidEvent
from tiktok_events.event.match_keys import prepare_user
from tiktok_events.outbox.broker_keys import BrokerKeys
from worker.operations.data_subject import IDENTIFYING, DataSubject

PAGE: Final = 500


class QueuedEvents:
    """A data subject's events in Celery messages.

    Args:
        broker: a connection to Celery's broker.
        keys: keys of the installation.
        subject: whose events are meant.
        default_region: region of national phone numbers.
    """

    def __init__(
        self, broker: Redis, keys: BrokerKeys, subject: DataSubject, default_region: str | None
    ) -> None:
        self._broker = broker
        self._keys = keys
        self._subject = subject
        self._region = default_region

    def count(self) -> int:
        """Return how many messages with such an event wait."""
        return sum(1 for _ in self._waiting())

    def erase(self) -> int:
        """Remove waiting messages, and return how many; a worker may take some of them first."""
        found = list(self._waiting())
        # The annotation allows only texts; a message is bytes.
        return sum(int(self._broker.lrem(name, 1, cast("str", one))) for name, one in found)

    def in_hand(self) -> int:
        """Return how many messages with such an event workers have taken."""
        held = (value for _, value in self._broker.hscan_iter(self._keys.unacked, count=PAGE))
        return sum(map(self._is_theirs, held))

    def _waiting(self) -> Iterator[tuple[str, bytes]]:
        """Yield messages, newest first, so that those that move meanwhile are seen twice."""
        for name in self._keys.lists():
            if self._broker.type(name) == b"list":
                for message in self._messages(name):
                    if self._is_theirs(message):
                        yield name, message

    def _messages(self, name: str) -> Iterator[bytes]:
        first = 0
        while page := cast("list[bytes]", self._broker.lrange(name, first, first + PAGE - 1)):
            yield from page
            first += len(page)

    def _is_theirs(self, message: bytes) -> bool:
        return any(map(self._owns, users_in(message)))

    def _owns(self, user: dict[str, Any]) -> bool:
        """Return whether a `user` as a producer wrote it is the data subject."""
        alone: list[dict[str, Any]] = [{key: user[key]} for key in IDENTIFYING if key in user]
        # Each key by itself, too: one that can never be sent must not hide another.
        for part in [user, *alone]:
            try:
                prepared = prepare_user(part, self._region)
            except InvalidEvent:
                continue
            if self._subject.owns({"user": prepared}):
                return True
        return False


def users_in(message: bytes) -> Iterator[dict[str, Any]]:
    """Yield each object called `user` in a message of any form: enveloped, bare, base64 or not."""
    left = [_json(message)]
    while left:
        found = left.pop()
        if isinstance(found, dict):
            if isinstance(found.get("user"), dict):
                yield found["user"]
            if isinstance(found.get("body"), str):
                left.append(_body(found["body"]))
            left.extend(found.values())
        elif isinstance(found, list):
            left.extend(found)


def _body(text: str) -> Any:
    """Return a message's body; it is base64 unless it says otherwise."""
    try:
        return _json(b64decode(text, validate=True))
    except (NotBase64, ValueError):
        return _json(text.encode("utf-8", "surrogatepass"))


def _json(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
