"""Commands as bytes, as they go to Redis.

redis-py would write them too, each argument anew. An append differs from the one before it
only in its last argument, so that what stands before it can be written once.

Source: https://redis.io/docs/latest/develop/reference/protocol-spec/ (arrays of bulk strings),
read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def written(command: Sequence[Any]) -> bytes:
    """A command of bytes, and of text and whole numbers, which are written as UTF-8."""
    parts = [b"*%d\r\n" % len(command)]
    for argument in command:
        given = argument if isinstance(argument, bytes) else str(argument).encode()
        parts += (b"$%d\r\n" % len(given), given, b"\r\n")
    return b"".join(parts)


def beginning(command: bytes) -> bytes:
    """All of a written command but its last argument, which is empty; for `ended`."""
    return command.removesuffix(b"$0\r\n\r\n")


def ended(begun: bytes, argument: bytes) -> bytes:
    """A command that has begun, with its last argument."""
    return b"%b$%d\r\n%b\r\n" % (begun, len(argument), argument)
