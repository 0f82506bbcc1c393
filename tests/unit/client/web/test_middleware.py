"""What every middleware decides: consent, and the cookie that keeps the click id."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

import pytest

from tiktok_events import Policy
from tiktok_events.web import ASGIMiddleware, Visit, WebSettings, WSGIMiddleware, current_visit
from tiktok_events.web.look import Look, look
from tiktok_events.web.visit import VISIT_KEY

SETTINGS = WebSettings.load({})
REMOVED = "Max-Age=0; Path=/; SameSite=Lax"
KEPT = "Max-Age=2592000; Path=/; SameSite=Lax"
PERSONAL = "jo@example.com"


def yes(_: object) -> bool:
    """A visitor who has agreed."""
    return True


def no(_: object) -> bool:
    """One who has not."""
    return False


def environ(query: str = "", cookie: str = "", scheme: str = "https") -> dict[str, Any]:
    """A WSGI environ of a shop's page."""
    return {
        "REQUEST_METHOD": "GET",
        "wsgi.url_scheme": scheme,
        "REMOTE_ADDR": "8.8.4.4",
        "HTTP_HOST": "shop.example",
        "PATH_INFO": "/",
        "QUERY_STRING": query,
        "HTTP_COOKIE": cookie,
    }


def cookie_of(found: Look) -> str | None:
    """The header of the answer."""
    return None if found.cookie is None else found.cookie.header()


@pytest.mark.parametrize(
    ("query", "cookie", "scheme", "expected"),
    [
        ("ttclid=new", "", "https", f"ttclid=new; {KEPT}; Secure"),
        ("ttclid=new", "", "http", f"ttclid=new; {KEPT}"),
        ("ttclid=new", "ttclid=old", "https", f"ttclid=new; {KEPT}; Secure"),
        ("ttclid=old", "ttclid=old", "https", None),
        ("", "ttclid=old", "https", None),
        ("", "", "https", None),
        ("ttclid=%0d%0a", "", "https", None),
    ],
)
def test_a_new_click_is_kept_for_thirty_days(
    query: str, cookie: str, scheme: str, expected: str | None
) -> None:
    """From the click on: the cookie that is there already keeps its date."""
    assert cookie_of(look(environ(query, cookie, scheme), yes, SETTINGS)) == expected


def test_the_cookie_may_belong_to_a_domain() -> None:
    """For a shop on several hosts."""
    settings = WebSettings.load({}, cookie_domain="Shop.Example")
    found = look(environ("ttclid=new"), yes, settings)
    assert cookie_of(found) == f"ttclid=new; {KEPT}; Domain=shop.example; Secure"


def test_without_consent_nothing_is_captured_and_nothing_kept() -> None:
    """The answer does not carry a cookie."""
    assert look(environ("ttclid=new"), no, SETTINGS) == Look(Visit(), None)


@pytest.mark.parametrize("cookie", ["ttclid=old", "ttclid=", "a=b; ttclid=\x01"])
def test_without_consent_the_cookie_is_removed(cookie: str) -> None:
    """Whatever stands in it."""
    found = look(environ("ttclid=new", cookie), no, SETTINGS)
    assert found.visit == Visit()
    assert cookie_of(found) == "ttclid=; Max-Age=0; Path=/; SameSite=Lax; Secure"


@pytest.mark.parametrize(
    ("policy", "cookie", "kept"),
    [
        (Policy("limit"), "", f"ttclid=new; {KEPT}; Secure"),
        (Policy("limit", remove=("user.ip",)), "", f"ttclid=new; {KEPT}; Secure"),
        (Policy("keep", remove=("user.ttclid",)), "", None),
        (Policy("keep", remove=("user",)), "ttclid=old", f"ttclid=; {REMOVED}; Secure"),
        (Policy("drop"), "ttclid=old", f"ttclid=; {REMOVED}; Secure"),
    ],
)
def test_a_policy_is_an_answer_too(policy: Policy, cookie: str, kept: str | None) -> None:
    """What it withholds is neither captured nor kept in the browser."""
    found = look(environ("ttclid=new", cookie), lambda _: policy, SETTINGS)
    assert found.visit.policy == policy
    assert found.visit.consented == (policy.use != "drop")
    assert cookie_of(found) == kept
    assert not {f"user.{key}" for key in found.visit.user} & set(policy.remove)


def fails(_: object) -> bool:
    """A consent callable with a fault."""
    raise LookupError(PERSONAL)


async def is_no_function(_: object) -> bool:
    """A coroutine counts as true, and is no answer."""
    return True


COROUTINE: Any = is_no_function
"""A type checker refuses it; not everybody has one."""


@pytest.mark.parametrize(
    ("answer", "logged"),
    [
        (fails, "the consent callable raised LookupError: taken as no"),
        (lambda _: PERSONAL, "the consent callable returned str: taken as no"),
        (lambda _: None, "the consent callable returned NoneType: taken as no"),
    ],
)
def test_only_true_is_a_yes(answer: Any, logged: str, caplog: pytest.LogCaptureFixture) -> None:
    """A fault is logged by its type alone, and never turns into consent."""
    with caplog.at_level(logging.WARNING, "tiktok_events.web"):
        assert look(environ("ttclid=new"), answer, SETTINGS) == Look(Visit(), None)
    assert caplog.messages == [logged]
    assert PERSONAL not in caplog.text


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
def test_a_coroutine_is_no_consent() -> None:
    """Whoever passes an async function does not get everyone's consent."""
    assert look(environ("ttclid=new"), COROUTINE, SETTINGS).visit == Visit()


def test_what_was_captured_does_not_print() -> None:
    """A click id is a person's."""
    found = look(environ("ttclid=new"), yes, SETTINGS)
    assert "new" not in f"{found!r} {found.cookie!r}"


# --- WSGI --------------------------------------------------------------------------------


def call_wsgi(application: Any, asked: dict[str, Any]) -> list[tuple[str, str]]:
    """The headers of the answer."""
    answered: list[tuple[str, str]] = []

    def start_response(_status: str, headers: list[tuple[str, str]], *_: Any) -> None:
        answered.extend(headers)

    list(application(asked, start_response))
    return answered


def test_a_wsgi_application_has_the_visit_and_keeps_its_headers() -> None:
    """In the environ and in the context, until it has answered."""
    seen: list[Any] = []

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.extend([environ[VISIT_KEY], current_visit()])
        start_response("200 OK", [("X-Own", "1")])
        return [b""]

    asked = environ("ttclid=new")
    headers = call_wsgi(WSGIMiddleware(application, consent=yes, settings=SETTINGS), asked)
    assert headers == [("X-Own", "1"), ("Set-Cookie", f"ttclid=new; {KEPT}; Secure")]
    assert seen[0].user == {"ttclid": "new", "ip": "8.8.4.4"}
    assert seen[1] == seen[0]
    assert current_visit() is None


def test_a_failing_wsgi_application_leaves_no_visit_behind() -> None:
    """Its thread answers the next visitor."""

    def application(*_: Any) -> Iterable[bytes]:
        raise LookupError

    with pytest.raises(LookupError):
        call_wsgi(WSGIMiddleware(application, consent=yes, settings=SETTINGS), environ())
    assert current_visit() is None


# --- ASGI --------------------------------------------------------------------------------


def call_asgi(application: Any, scope: dict[str, Any]) -> list[Any]:
    """The messages that were sent."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing is read")

    asyncio.run(ASGIMiddleware(application, consent=yes, settings=SETTINGS)(scope, receive, send))
    return sent


def scope_of(kind: str) -> dict[str, Any]:
    """A scope with a click id."""
    return {
        "type": kind,
        "scheme": {"websocket": "wss"}.get(kind, "https"),
        "query_string": b"ttclid=new",
        "headers": [],
    }


async def answer(scope: dict[str, Any], _receive: Any, send: Any) -> None:
    """Say what was captured."""
    visit = scope.get(VISIT_KEY)
    assert current_visit() == visit
    await send({"type": f"{scope['type']}.response.start", "visit": visit})
    await send({"type": f"{scope['type']}.response.body"})


def test_an_asgi_application_has_the_visit_and_its_answer_the_cookie() -> None:
    """Only the message that starts the answer is changed."""
    start, body = call_asgi(answer, scope_of("http"))
    cookie = f"ttclid=new; {KEPT}; Secure".encode()
    assert start["headers"] == [(b"set-cookie", cookie)]
    assert start["visit"].user == {"ttclid": "new"}
    assert body == {"type": "http.response.body"}


def test_a_websocket_has_a_visit_and_no_cookie() -> None:
    """There is no answer to carry one."""
    start, _ = call_asgi(answer, scope_of("websocket"))
    assert start["visit"].user == {"ttclid": "new"}
    assert "headers" not in start


def test_a_lifespan_passes() -> None:
    """It is no visit."""
    start, _ = call_asgi(answer, scope_of("lifespan"))
    assert start == {"type": "lifespan.response.start", "visit": None}
