"""The adapters of the frameworks all see and answer the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import flask
import httpx
import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.template import engines
from django.test import override_settings
from fastapi import Depends, FastAPI
from jinja2 import Environment
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.builders.django_site import SETTINGS, agreed
from tiktok_events.web import Visit, capture, current_visit, visit_of
from tiktok_events.web.flask import TikTokEvents
from tiktok_events.web.jinja import PixelExtension
from tiktok_events.web.starlette import CaptureMiddleware, visit

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)"
EVENT = {"event": "Purchase", "event_id": "1", "properties": {"description": "</script>'"}}
SCRIPT = (
    '<script>window.ttq && ttq.track("Purchase", '
    '{"description": "\\u003c/script\\u003e\\u0027"}, {"event_id": "1"});</script>'
)


# --- one page on each --------------------------------------------------------------------


def flask_app() -> flask.Flask:
    """A page on Flask."""
    app = flask.Flask("shop")
    TikTokEvents(app, consent=lambda request: agreed(request.cookies), settings=SETTINGS)

    @app.get("/p")
    def page() -> Any:
        seen = visit_of(flask.request)
        assert current_visit() == flask.g.tiktok_events == seen
        return {"adapter": seen.captured, "capture": capture(flask.request, SETTINGS)}

    return app


def starlette_app() -> Starlette:
    """A page on Starlette."""

    async def page(request: Any) -> JSONResponse:
        seen = visit_of(request)
        assert current_visit() == seen
        return JSONResponse({"adapter": seen.captured, "capture": capture(request, SETTINGS)})

    app = Starlette(routes=[Route("/p", page)])
    app.add_middleware(CaptureMiddleware, consent=lambda r: agreed(r.cookies), settings=SETTINGS)
    return app


def fastapi_app() -> FastAPI:
    """A page on FastAPI, which runs in a thread."""
    app = FastAPI()
    app.add_middleware(CaptureMiddleware, consent=lambda r: agreed(r.cookies), settings=SETTINGS)

    @app.get("/p")
    def page(seen: Annotated[Visit, Depends(visit)]) -> Any:
        current = current_visit()
        return {"adapter": seen.captured, "capture": current and current.captured}

    return app


def ask_wsgi(application: Any, url: str, headers: dict[str, str]) -> httpx.Response:
    """A visit through WSGI."""
    transport = httpx.WSGITransport(application, remote_addr="8.8.4.4")
    with httpx.Client(transport=transport) as visitor:
        return visitor.get(url, headers=headers)


def ask_asgi(application: Any, url: str, headers: dict[str, str]) -> httpx.Response:
    """A visit through ASGI."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(application, client=("8.8.4.4", 4711))
        async with httpx.AsyncClient(transport=transport) as visitor:
            return await visitor.get(url, headers=headers)

    return asyncio.run(ask())


FRAMEWORKS: dict[str, tuple[Callable[..., httpx.Response], Callable[[], Any], str]] = {
    "django": (ask_wsgi, WSGIHandler, "/p"),
    "django-asgi": (ask_asgi, ASGIHandler, "/async/p"),
    "django-asgi-sync-view": (ask_asgi, ASGIHandler, "/p"),
    "flask": (ask_wsgi, flask_app, "/p"),
    "starlette": (ask_asgi, starlette_app, "/p"),
    "fastapi": (ask_asgi, fastapi_app, "/p"),
}


def look(framework: str, cookie: str) -> httpx.Response:
    """A visit from an advertisement, and its answer."""
    ask, application, where = FRAMEWORKS[framework]
    headers = {
        "cookie": cookie,
        "user-agent": AGENT,
        "referer": "https://www.tiktok.com/",
        "accept-language": "pt-br",
    }
    return ask(application(), f"https://shop.example{where}?ttclid=E.C.P.new", headers)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_framework_sees_the_same_visit(framework: str) -> None:
    """In its own place, in the context, and by `capture` on its own request."""
    answered = look(framework, "ads=yes; _ttp=2F7h37")
    where = FRAMEWORKS[framework][2]
    expected = {
        "user": {
            "ttclid": "E.C.P.new",
            "ttp": "2F7h37",
            "ip": "8.8.4.4",
            "user_agent": AGENT,
            "locale": "pt-BR",
        },
        "page": {
            "url": f"https://shop.example{where}?ttclid=E.C.P.new",
            "referrer": "https://www.tiktok.com/",
        },
    }
    assert answered.json() == {"adapter": expected, "capture": expected}


def set_cookie(answered: httpx.Response) -> set[str]:
    """The parts of the one cookie that was set, as every framework spells them."""
    (header,) = answered.headers.get_list("set-cookie")
    parts = {part.strip().lower().replace('""', "") for part in header.split(";")}
    return {part for part in parts if not part.startswith("expires=")}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_framework_keeps_the_click_id(framework: str) -> None:
    """For https only, readable for the Pixel's scripts."""
    assert set_cookie(look(framework, "ads=yes")) == {
        "ttclid=e.c.p.new",
        "max-age=2592000",
        "path=/",
        "samesite=lax",
        "secure",
    }


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_no_framework_keeps_anything_without_consent(framework: str) -> None:
    """What was kept before is removed."""
    answered = look(framework, "ads=no; ttclid=E.C.P.old")
    assert answered.json()["adapter"] == {}
    assert set_cookie(answered) == {"ttclid=", "max-age=0", "path=/", "samesite=lax", "secure"}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_nobody_is_seen_between_two_requests(framework: str) -> None:
    """The thread or the context is used again."""
    look(framework, "ads=yes")
    assert current_visit() is None


# --- templates ---------------------------------------------------------------------------


def in_django(source: str) -> str:
    """Rendered by Django."""
    template = engines["django"].from_string(source)
    return str(template.render({"event": EVENT}))


def in_jinja(source: str) -> str:
    """Rendered by Jinja, which escapes what it is not told to leave."""
    environment = Environment(extensions=[PixelExtension], autoescape=True)
    return environment.from_string(source).render(event=EVENT)


def in_flask(source: str) -> str:
    """Rendered by Flask."""
    with flask_app().test_request_context("/"):
        return flask.render_template_string(source, event=EVENT)


@pytest.mark.parametrize(
    ("render", "source"),
    [
        (in_django, "{% load tiktok_events %}{% tiktok_pixel event %}"),
        (in_jinja, "{{ tiktok_pixel(event) }}"),
        (in_flask, "{{ tiktok_pixel(event) }}"),
    ],
)
def test_a_template_has_the_script(render: Callable[[str], str], source: str) -> None:
    """Escaped for the script element, and not once more for HTML."""
    assert render(source) == SCRIPT


@pytest.mark.parametrize(
    ("render", "source"),
    [
        (in_django, "{% load tiktok_events %}{% tiktok_pixel event nonce='a\"b' %}"),
        (in_jinja, "{{ tiktok_pixel(event, nonce='a\"b') }}"),
    ],
)
def test_a_template_can_give_the_nonce(render: Callable[[str], str], source: str) -> None:
    """Of a Content-Security-Policy; it cannot end its attribute."""
    assert render(source).startswith('<script nonce="a&quot;b">')


def test_the_django_tag_follows_the_set_up() -> None:
    """Where only the Events API reports, the page says nothing."""
    with override_settings(TIKTOK_EVENTS={"SETUP": "api"}):
        assert in_django("{% load tiktok_events %}{% tiktok_pixel event %}") == ""
