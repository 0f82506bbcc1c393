"""Starlette and FastAPI: a middleware, and the capture as a dependency."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp

from tiktok_events.web.asgi import ASGIMiddleware, Scope
from tiktok_events.web.capture import Capture
from tiktok_events.web.settings import WebSettings
from tiktok_events.web.visit import CAPTURE_KEY


class CaptureMiddleware(ASGIMiddleware):
    """`ASGIMiddleware` whose consent callable takes Starlette's request.

    Example:
        >>> app.add_middleware(CaptureMiddleware, consent=may_advertise)  # doctest: +SKIP

    Args:
        app: what is called with it.
        consent: returns whether the visitor has agreed. It is no coroutine.
        settings: by default from the environment.

    Raises:
        InvalidSetting: a setting has a value that is not allowed.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        consent: Callable[[HTTPConnection], bool],
        settings: WebSettings | None = None,
    ) -> None:
        def of_scope(scope: Scope) -> bool:
            return consent(HTTPConnection(scope))

        super().__init__(app, consent=of_scope, settings=settings)


def captured(request: HTTPConnection) -> Capture:
    """The capture of a request; for FastAPI, ``Annotated[Capture, Depends(captured)]``."""
    found: Capture = request.scope.get(CAPTURE_KEY, {})
    return found
