"""A body that is streamed is made in the visit of its request: what it renders asks for consent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from io import BytesIO
from typing import Any
from wsgiref.util import FileWrapper

import flask
import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from tests.unit.client.web.test_frameworks import ask_asgi, ask_wsgi
from tiktok_events.web import WSGIMiddleware, base_code, current_visit
from tiktok_events.web.flask import TikTokEvents
from tiktok_events.web.streamed import Streamed
from tiktok_events.web.visit import Visit


def parts() -> Iterator[bytes]:
    """The base code, and whether there is a visit at all, in a part of its own."""
    yield base_code("C0PIXEL").encode()
    yield b"seen" if current_visit() is not None else b"not seen"


async def async_parts() -> AsyncIterator[bytes]:
    """The same, awaited."""
    for part in parts():
        await asyncio.sleep(0)
        yield part


class Response:
    """A body that is no iterator itself, such as a response of Django is."""

    def __iter__(self) -> Iterator[bytes]:
        return parts()


def wsgi() -> Any:
    """A plain application."""

    def application(_environ: Any, start_response: Any) -> Response:
        start_response("200 OK", [])
        return Response()

    return WSGIMiddleware(application, consent=lambda environ: "ads=yes" in str(environ))


def flask_app() -> Any:
    """A view of Flask."""
    app = flask.Flask(__name__)
    TikTokEvents(app, consent=lambda request: request.cookies.get("ads") == "yes")
    app.get("/p")(lambda: flask.Response(parts()))
    return app


APPLICATIONS = {
    "wsgi": (ask_wsgi, wsgi),
    "flask": (ask_wsgi, flask_app),
    "django": (ask_wsgi, WSGIHandler),
    "django asgi": (ask_asgi, ASGIHandler),
}


@pytest.mark.parametrize(
    ("framework", "made"),
    [("wsgi", parts), ("flask", parts), ("django", parts), ("django asgi", async_parts)],
)
@pytest.mark.parametrize(("ads", "loads"), [("yes", True), ("no", False)])
def test_a_stream_sees_its_visit(
    framework: str, made: Callable[[], Any], ads: str, *, loads: bool
) -> None:
    """Without consent no Pixel is loaded; when it has ended, nobody is seen."""
    ask, application = APPLICATIONS[framework]
    view = path("p", lambda _: StreamingHttpResponse(made()))
    with override_settings(ROOT_URLCONF=(view,)):
        page = ask(application(), "http://shop.example/p", {"Cookie": f"ads={ads}"}).text
    assert ("ttq.load" in page, page.endswith("not seen")) == (loads, False)
    assert current_visit() is None


def test_a_stream_that_nobody_reads_is_closed() -> None:
    """As a server does for HEAD."""
    closed: list[bool] = []

    class Parts(list[bytes]):
        def close(self) -> None:
            closed.append(current_visit() is not None)

    Streamed(Visit(), Parts()).close()
    Streamed(Visit(), iter([b""])).close()
    assert (closed, current_visit()) == ([True], None)


def test_a_file_goes_to_the_server_as_it_is() -> None:
    """So that the server may send it by itself."""
    body = FileWrapper(BytesIO(b"a file"))
    middleware = WSGIMiddleware(lambda _environ, _start: body, consent=bool)
    environ = {"wsgi.file_wrapper": FileWrapper}
    assert middleware(environ, lambda *_: lambda _: None) is body
