"""Whether the server that answered leads: only that one writes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from redis.exceptions import (
    AskError,
    ClusterDownError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError

_NOT_LEADING: Final = (ReadOnlyError, AskError, ClusterDownError, TryAgainError)
"""`AskError` is the base of `MovedError`."""

_NOT_LEADING_WORDS: Final = re.compile(r"\b(NOREPLICAS|READONLY)\b")
"""The same inside the error of a script, or without a class of its own."""


class LeaderChanged(RedisConnectionError):
    """The server does not lead: a new connection may find the one that does."""


def leads(error: RedisError) -> bool:
    """Whether the server that answered so is the one to ask."""
    if not isinstance(error, ResponseError):
        return True
    return not (isinstance(error, _NOT_LEADING) or _NOT_LEADING_WORDS.search(str(error)))


def changed(error: RedisError) -> LeaderChanged:
    """What a server that does not lead means to whoever asked it."""
    return LeaderChanged(f"the server does not lead: {type(error).__name__}: {error}")


def of_the_leader(replies: Sequence[Any]) -> Sequence[Any]:
    """Return the replies, unless one says that the server does not lead.

    Raises:
        LeaderChanged: one does, perhaps within a transaction.
    """
    for error in errors_in(replies):
        if not leads(error):
            raise changed(error) from error
    return replies


def errors_in(replies: Sequence[Any]) -> list[RedisError]:
    """The errors among replies, those within a transaction too."""
    found = []
    for reply in replies:
        if isinstance(reply, RedisError):
            found.append(reply)
        elif isinstance(reply, list):
            found += errors_in(reply)
    return found
