"""Make each part of a streamed body within the visit of its request.

A body is streamed after the response has begun. Without this it would be made outside of any visit,
where nobody is asked for consent.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any

from tiktok_events.web.visit import Visit, conceal, expose


class Streamed(Iterator[Any]):
    """The parts of a body, each made while `current_visit` returns the visit.

    Args:
        visit: the visit of the request that is answered.
        parts: the parts; they are closed together with this object.
    """

    def __init__(self, visit: Visit, parts: Iterable[Any]) -> None:
        self._visit, self._parts, self._made = visit, parts, iter(parts)

    def __next__(self) -> Any:
        expose(self._visit)
        try:
            return next(self._made)
        finally:
            conceal()

    def close(self) -> None:
        """Close the parts; servers call this when the response has ended, read or not."""
        if close := getattr(self._parts, "close", None):
            expose(self._visit)
            try:
                close()
            finally:
                conceal()


class AsyncStreamed(AsyncIterator[Any]):
    """`Streamed` for awaited parts, which their maker closes."""

    def __init__(self, visit: Visit, parts: AsyncIterable[Any]) -> None:
        self._visit, self._made = visit, aiter(parts)

    async def __anext__(self) -> Any:
        expose(self._visit)
        try:
            return await anext(self._made)
        finally:
            conceal()
