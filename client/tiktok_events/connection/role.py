"""Whether the server that answered is the primary: only that one writes."""

from __future__ import annotations

import re
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

_NOT_PRIMARY: Final = (ReadOnlyError, AskError, ClusterDownError, TryAgainError)
"""`AskError` is the base of `MovedError`."""

_NOT_PRIMARY_WORDS: Final = re.compile(r"\b(NOREPLICAS|READONLY)\b")
"""The same inside the error of a script, or without a class of its own."""


class PrimaryChanged(RedisConnectionError):
    """The server is not the primary: a new connection may find the primary.

    Attributes:
        moves: whether another server leads, or will soon; if not, maybe nobody does.
    """

    def __init__(self, message: str = "", *, moves: bool = False) -> None:
        super().__init__(message)
        self.moves = moves


def is_from_primary(error: RedisError) -> bool:
    """Whether the server that answered so is the one to ask."""
    if not isinstance(error, ResponseError):
        return True
    return not (isinstance(error, _NOT_PRIMARY) or _NOT_PRIMARY_WORDS.search(str(error)))


def changed(error: RedisError) -> PrimaryChanged:
    """What a server that is not the primary means to whoever asked it."""
    words = f"the server is not the primary: {type(error).__name__}: {error}"
    return PrimaryChanged(words, moves=isinstance(error, AskError | TryAgainError))


def of_the_primary(replies: list[Any]) -> list[Any]:
    """Return the replies, unless one says that the server is not the primary.

    Raises:
        PrimaryChanged: one does.
    """
    for reply in replies:
        if isinstance(reply, RedisError) and not is_from_primary(reply):
            raise changed(reply) from reply
    return replies
