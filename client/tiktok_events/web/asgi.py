"""Middleware for any ASGI application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from tiktok_events.web.click_id import ClickIdCookie
from tiktok_events.web.look import Answer, begin
from tiktok_events.web.settings import WebSettings
from tiktok_events.web.visit import conceal

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


class ASGIMiddleware:
    """Captures visits and keeps their click ids, if the visitors have consented.

    `visit_of(scope)` and `current_visit` return the visit. A WebSocket has one too, but sets no
    cookie, because it has no response.

    Args:
        app: the application to wrap.
        consent: takes the scope and returns whether the visitor has agreed, or a `Policy`. It must
            not be a coroutine.
        settings: default: those of the environment.

    Raises:
        InvalidSetting: a setting has a value that is not allowed.
    """

    def __init__(
        self,
        app: Application,
        *,
        consent: Callable[[Scope], Answer],
        settings: WebSettings | None = None,
    ) -> None:
        self._app = app
        self._consent = consent
        self._settings = settings or WebSettings.load()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; a lifespan passes through."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        found = begin(scope, self._consent, self._settings)
        if found.cookie is not None:
            send = _with_cookie(send, found.cookie)
        try:
            await self._app(scope, receive, send)
        finally:
            conceal()


def _with_cookie(send: Send, cookie: ClickIdCookie) -> Send:
    async def send_with_cookie(message: Message) -> None:
        if message["type"] == "http.response.start":
            header = (b"set-cookie", cookie.header().encode("ascii"))
            message = {**message, "headers": [*message.get("headers", ()), header]}
        await send(message)

    return send_with_cookie
