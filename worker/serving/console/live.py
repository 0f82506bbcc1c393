"""Live pages: while somebody looks, what has changed is sent to them as ready-made HTML.

A page that changes by itself says so by `live`. htmx asks for its address again, and is answered
with its part alone. While there is room for a stream, the answer does not end: it is the part,
and the part again whenever it differs. Where there is none, it is the part once, and the page
asks again some seconds later: polling needs no other script.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import anyio
from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from worker.serving.console.pages import Page
from worker.serving.console.session import cookie_of

MOST: Final = 32
"""How many streams are open at a time in one process."""

EVERY_S: Final = 2.0
REST: Final = 10
"""A page that takes long to make is made less often: pauses are so many times as long."""

LIFE_S: Final = 300.0
"""Then the browser asks anew, with the cookie that it has by then."""

HEARTBEAT_S: Final = 15
SENT_WITHIN_S: Final = 10.0
"""Seconds after which a reader that takes nothing is cut off."""

ENDED_WITHIN_S: Final = 2.0
"""A page that is being made at a SIGTERM is still sent."""

Again = Callable[[], Awaitable[Response]]
"""Makes the page once more; something else when its reader may no longer see it."""


def is_part(request: Request) -> bool:
    """Return whether htmx asks, which has the rest of the page."""
    return "hx-request" in request.headers


def led_on(response: Response) -> Response:
    """An answer to htmx that leads elsewhere: the whole page goes there, not its part."""
    to = response.headers.get("location")
    return response if to is None else Response(status_code=204, headers={"HX-Redirect": to})


class Streams:
    """The streams of this process."""

    def __init__(self) -> None:
        self._open: set[Stream] = set()

    def answer(self, request: Request, first: Response, again: Again) -> Response:
        """The part that was asked for; as a stream if it changes, and there is room."""
        asked = "text/event-stream" in request.headers.get("accept", "")
        if not (asked and is_live(first)) or len(self._open) >= MOST:
            return first
        stream = Stream(first, again, cookie_of(request), self._open.discard)
        self._open.add(stream)
        return stream

    def end(self, cookie: str) -> None:
        """Somebody has signed out: their streams end."""
        for stream in self._open:
            if stream.cookie == cookie:
                stream.over.set()


class Stream(EventSourceResponse):
    """One page of one reader.

    Args:
        first: as it is now.
        again: makes it once more.
        cookie: of the reader's session.
        ended: is told when it is closed, by whichever side.
    """

    def __init__(
        self, first: Response, again: Again, cookie: str, ended: Callable[[Stream], None]
    ) -> None:
        self.cookie = cookie
        self.over = anyio.Event()
        super().__init__(
            self._parts(first),
            sep="\n",
            ping=HEARTBEAT_S,
            send_timeout=SENT_WITHIN_S,
            shutdown_event=self.over,
            shutdown_grace_period=ENDED_WITHIN_S,
        )
        self._again = again
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and give the place back however that ends."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._ended(self)

    async def _parts(self, page: Response) -> AsyncIterator[dict[str, str]]:
        ends, sent, pause_s = time.monotonic() + LIFE_S, b"", EVERY_S
        while True:
            if page.body != sent:
                sent = bytes(page.body)
                yield {"data": sent.decode()}
            with anyio.move_on_after(pause_s):
                await self.over.wait()
            began = time.monotonic()
            if not is_live(page) or self.over.is_set() or began > ends:
                return
            page = await self._again()
            if not isinstance(page, Page):
                return  # they may no longer, or Redis is away: the page asks again, and is told
            pause_s = max(EVERY_S, REST * (time.monotonic() - began))


def is_live(response: Response) -> bool:
    """Whether a page says that it changes by itself."""
    return isinstance(response, Page) and response.live
