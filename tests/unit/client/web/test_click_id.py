"""Where a click id may come from, and what can be none."""

from __future__ import annotations

from typing import Any

import pytest

from tiktok_events.web import WebSettings, capture
from tiktok_events.web.click_id import VALUE_CHARS

SETTINGS = WebSettings.load({})


def click_id(**changes: Any) -> str | None:
    """The click id of a WSGI request for a page of the shop."""
    environ = {"REQUEST_METHOD": "GET", "HTTP_HOST": "shop.example", "PATH_INFO": "/", **changes}
    return capture(environ, SETTINGS)["user"].get("ttclid")


def test_the_url_goes_before_the_referrer_and_the_referrer_before_the_cookie() -> None:
    """The order of TikTok's own template."""
    places = {
        "QUERY_STRING": "ttclid=E.C.P.url",
        "HTTP_REFERER": "https://SHOP.example:443/?ttclid=E.C.P.referrer",
        "HTTP_COOKIE": "ttclid=E.C.P.cookie",
    }
    assert click_id(**places) == "E.C.P.url"
    del places["QUERY_STRING"]
    assert click_id(**places) == "E.C.P.referrer"
    del places["HTTP_REFERER"]
    assert click_id(**places) == "E.C.P.cookie"


@pytest.mark.parametrize(
    "referrer",
    ["https://other.example/?ttclid=X", "https://shop.example@evil.example/?ttclid=X", "?ttclid=X"],
)
def test_another_hosts_page_cannot_bring_a_click_id(referrer: str) -> None:
    """Its parameter is of its own business."""
    assert click_id(HTTP_REFERER=referrer) is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ttclid=E.C.P%2Eabc", "E.C.P.abc"),
        ("ttclid=a+b", "a+b"),
        ("ttclid=&ttclid=second", "second"),
        ("ttclid=first&ttclid=second", "first"),
        ("TTCLID=x&xttclid=y", None),
        ("ttclid=%00", None),
        ("ttclid=a%20b", None),
        ("ttclid=a%3Bb", None),
        ("ttclid=a%0d%0aSet-Cookie:x", None),
        ("ttclid=%2525", None),
        ("ttclid=\xff", None),
        (f"ttclid={'x' * VALUE_CHARS}", "x" * VALUE_CHARS),
        (f"ttclid={'x' * (VALUE_CHARS + 1)}", None),
    ],
)
def test_a_click_id_is_decoded_once_whole_and_harmless(query: str, expected: str | None) -> None:
    """What a cookie could not hold as it is was never TikTok's."""
    assert click_id(QUERY_STRING=query) == expected


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        ('ttclid="E.C.P.x"', "E.C.P.x"),
        (" ttclid = E.C.P.x ; ", "E.C.P.x"),
        ("ttclid=; ttclid=E.C.P.x", "E.C.P.x"),
        ("other=\xa0\xff; ttclid=E.C.P.x", "E.C.P.x"),
        (f"{'junk; ' * 20_000}ttclid=E.C.P.x", "E.C.P.x"),
        ("ttclid", None),
        ("ttclid=a b", None),
        ("=ttclid", None),
    ],
)
def test_a_cookie_is_found_among_whatever_else_there_is(cookie: str, expected: str | None) -> None:
    """Other cookies may be broken, empty or endless."""
    assert click_id(HTTP_COOKIE=cookie) == expected


@pytest.mark.parametrize(
    "junk", ["__CLICKID__", "{{ttclid}}", "%7B%7Bttclid%7D%7D", "undefined", "null", "$ttclid", "0"]
)
def test_junk_in_the_url_does_not_replace_a_good_cookie(junk: str) -> None:
    """An advertisement whose template nobody filled in brings no click; the kept one stays."""
    assert click_id(QUERY_STRING=f"ttclid={junk}", HTTP_COOKIE="ttclid=E.C.P.old") == "E.C.P.old"
    assert click_id(QUERY_STRING=f"ttclid={junk}", HTTP_COOKIE=f"ttclid={junk}") is None


def test_junk_in_the_pixels_cookie_is_no_visitor() -> None:
    """It would be the same for everybody."""
    environ = {"HTTP_HOST": "shop.example", "PATH_INFO": "/", "HTTP_COOKIE": "_ttp=undefined"}

    assert "ttp" not in capture(environ, SETTINGS)["user"]
