"""Middleware for any WSGI application."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from tiktok_events.web.click_id import ClickIdCookie
from tiktok_events.web.look import Answer, begin
from tiktok_events.web.settings import WebSettings
from tiktok_events.web.streamed import Streamed
from tiktok_events.web.visit import conceal

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class WSGIMiddleware:
    """Captures visits and keeps their click ids, if the visitors have consented.

    `visit_of(environ)` returns the visit; so does `current_visit` while the application makes its
    response or streams its body.

    Args:
        application: the application to wrap.
        consent: takes the environ and returns whether the visitor has agreed, or a `Policy`.
        settings: default: those of the environment.

    Raises:
        InvalidSetting: a setting has a value that is not allowed.
    """

    def __init__(
        self,
        application: WSGIApplication,
        *,
        consent: Callable[[WSGIEnvironment], Answer],
        settings: WebSettings | None = None,
    ) -> None:
        self._application = application
        self._consent = consent
        self._settings = settings or WebSettings.load()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        found = begin(environ, self._consent, self._settings)
        if found.cookie is not None:
            start_response = _with_cookie(start_response, found.cookie)
        try:
            body = self._application(environ, start_response)
        finally:
            conceal()
        is_made = isinstance(body, list | tuple) or type(body) is environ.get("wsgi.file_wrapper")
        return body if is_made else Streamed(found.visit, body)


def _with_cookie(start_response: StartResponse, cookie: ClickIdCookie) -> StartResponse:
    def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
        return start_response(status, [*headers, ("Set-Cookie", cookie.header())], *exc_info)

    return start
