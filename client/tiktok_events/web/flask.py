"""Flask: an extension that captures each request and hands the Pixel to the templates."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Request, Response, g, request

from tiktok_events.web.jinja import GLOBALS
from tiktok_events.web.look import Answer, begin
from tiktok_events.web.settings import WebSettings
from tiktok_events.web.streamed import Streamed
from tiktok_events.web.visit import conceal


class TikTokEvents:
    """Captures visits and keeps their click ids, if the visitors have consented.

    The visit is in ``g.tiktok_events`` and returned by `visit_of(request)`; templates have
    ``tiktok_pixel(…)`` and ``tiktok_base_code()``.

    Example:
        >>> TikTokEvents(app, consent=lambda request: "yes" == request.cookies.get("ads"))
        ... # doctest: +SKIP

    Args:
        app: the application, or ``None`` to call `init_app` later.
        consent: takes Flask's request and returns whether the visitor has agreed, or a `Policy`.
        settings: default: those of the environment.

    Raises:
        InvalidSetting: a setting has a value that is not allowed.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        consent: Callable[[Request], Answer],
        settings: WebSettings | None = None,
    ) -> None:
        self._consent = consent
        self._settings = settings or WebSettings.load()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Capture every request of an application from now on."""
        app.before_request(self._look)
        app.after_request(_answered)
        app.teardown_request(_forget)
        app.jinja_env.globals.update(GLOBALS)
        app.extensions["tiktok_events"] = self

    def _look(self) -> None:
        found = begin(request, self._consent, self._settings)
        g.tiktok_events = found.visit
        g.tiktok_events_cookie = found.cookie


def _answered(response: Response) -> Response:
    # There is no visit if an earlier before_request function of the application raised.
    if (cookie := g.get("tiktok_events_cookie")) is not None:
        response.set_cookie(**cookie.arguments())
    if response.is_streamed and not response.direct_passthrough and "tiktok_events" in g:
        response.response = Streamed(g.tiktok_events, response.response)
    return response


def _forget(_error: BaseException | None) -> None:
    conceal()
