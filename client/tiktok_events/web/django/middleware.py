"""The middleware for Django, synchronous and asynchronous."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import FileResponse

from tiktok_events.web.django.options import load_options
from tiktok_events.web.look import Look, begin
from tiktok_events.web.streamed import AsyncStreamed, Streamed
from tiktok_events.web.visit import conceal


class CaptureMiddleware:
    """Captures visits and keeps their click ids, if the visitors have consented.

    The visit is in ``request.tiktok_events`` (see `VisitRequest`). Put the middleware after those
    that your consent callable needs, such as the session's.

    Args:
        get_response: the next middleware, or the view.

    Raises:
        ImproperlyConfigured: the Django setting ``TIKTOK_EVENTS`` cannot be used.
        InvalidSetting: a setting has a value that is not allowed.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self._get_response = get_response
        self._consent, self._settings = load_options()
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        """Answer a request, or return an awaitable that does, as Django requires."""
        if self._is_async:
            return self._answer_async(request)
        found = self._look(request)
        try:
            return _answered(self._get_response(request), found)
        finally:
            conceal()

    async def _answer_async(self, request: Any) -> Any:
        found = self._look(request)
        answer: Awaitable[Any] = self._get_response(request)
        try:
            return _answered(await answer, found)
        finally:
            conceal()

    def _look(self, request: Any) -> Look:
        found = begin(request, self._consent, self._settings)
        request.tiktok_events = found.visit
        return found


def _answered(response: Any, found: Look) -> Any:
    if found.cookie is not None:
        response.set_cookie(**found.cookie.arguments())
    if response.streaming and not isinstance(response, FileResponse):
        wrapper: Any = AsyncStreamed if response.is_async else Streamed
        response.streaming_content = wrapper(found.visit, response.streaming_content)
    return response
