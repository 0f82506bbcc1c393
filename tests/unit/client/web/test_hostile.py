"""Whatever a visitor sends, a capture neither fails nor lets anything invalid through."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas import check_event
from tiktok_events.web import WebSettings, capture
from tiktok_events.web.click_id import ClickIdCookie
from tiktok_events.web.look import look

SETTINGS = WebSettings.load({}, trusted_proxies="10.0.0.0/8, unix")

SPICE = st.sampled_from(
    [
        "ttclid=",
        "_ttp=",
        "for=",
        "https://",
        "10.0.0.1",
        "8.8.4.4",
        "shop.example",
        "[",
        "]",
        '"',
        ";",
        ",",
        "%",
        "%00",
        "\r\n",
        "@",
        "?",
        ":",
    ]
)
TEXT = st.lists(st.one_of(SPICE, st.text(st.characters(max_codepoint=0x2FF))), max_size=8).map(
    "".join
)
NAMES = [
    "HOST",
    "COOKIE",
    "REFERER",
    "USER_AGENT",
    "ACCEPT_LANGUAGE",
    "X_FORWARDED_FOR",
    "X_FORWARDED_PROTO",
    "X_FORWARDED_HOST",
]
PEERS = st.sampled_from(["", "10.0.0.1", "8.8.4.4", "fe80::1%eth0", "nonsense"])


@st.composite
def environs(draw: Any) -> dict[str, Any]:
    """WSGI environs as no server should hand them on."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    return {
        "REQUEST_METHOD": "GET",
        "REMOTE_ADDR": draw(PEERS),
        "PATH_INFO": draw(TEXT),
        "QUERY_STRING": draw(TEXT),
        **{f"HTTP_{name}": draw(TEXT) for name in names},
    }


@st.composite
def scopes(draw: Any) -> dict[str, Any]:
    """ASGI scopes with headers in any number and any bytes."""
    value = st.one_of(st.binary(), TEXT.map(lambda text: text.encode("utf-8", "replace")))
    name = st.sampled_from([name.replace("_", "-").lower().encode() for name in NAMES])
    return {
        "type": "http",
        "client": draw(st.one_of(st.none(), st.tuples(PEERS, st.just(1)))),
        "path": draw(TEXT),
        "raw_path": draw(st.one_of(st.none(), value)),
        "query_string": draw(value),
        "headers": draw(st.lists(st.tuples(name, value), max_size=12)),
    }


@given(st.one_of(environs(), scopes()))
def test_the_worker_has_nothing_to_complain_about(request: dict[str, Any]) -> None:
    """Not an error and not a warning about what was captured, once there is a page."""
    captured = capture(request, SETTINGS)
    page = {"url": "https://shop.example/", **captured["page"]}
    event = {
        "event": "Pageview",
        "event_id": "1",
        "event_time": 1_767_225_600,
        "user": captured["user"],
        "page": page,
    }
    checked = check_event(event, "web")
    assert checked.errors == ()
    assert [found for found in checked.warnings if "." in found.path] == []


@given(st.one_of(environs(), scopes()))
def test_the_cookie_cannot_break_out_of_its_header(request: dict[str, Any]) -> None:
    """One name, one value, the attributes."""
    cookie = look(request, lambda _: True, SETTINGS).cookie
    header = (cookie or ClickIdCookie("E.C.P.x", secure=False)).header()
    assert re.fullmatch(r"ttclid=[!-~]+; Max-Age=2592000; Path=/; SameSite=Lax(; Secure)?", header)
    assert header.count(";") == 3 + header.endswith("Secure")
