"""What a script fetches: the page is the one that the visitor sees."""

from __future__ import annotations

from typing import Any

import pytest

from tiktok_events.web import WebSettings, capture

SETTINGS = WebSettings.load({})
CART = "https://shop.example/cart?ttclid=E.C.P.page"
JUNK = ("__CLICKID__", "undefined", "null", "{{ttclid}}", "%7B%7Bclick.id%7D%7D", "${ttclid}", "")


def captured(**headers: str) -> dict[str, dict[str, str]]:
    """What is captured of a call of the shop's interface."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "wsgi.url_scheme": "https",
        "REMOTE_ADDR": "8.8.4.4",
        "HTTP_HOST": "shop.example",
        "PATH_INFO": "/api/checkout",
        "QUERY_STRING": headers.pop("query", ""),
        **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
    }
    return capture(environ, SETTINGS)


@pytest.mark.parametrize(
    "how", [{"sec_fetch_dest": "empty"}, {"x_requested_with": "XMLHttpRequest"}]
)
def test_a_fetch_names_the_page_it_came_from(how: dict[str, str]) -> None:
    """With the click id that stands there; the page before it is not known."""
    found = captured(referer=CART, **how)
    assert found["page"] == {"url": CART}
    assert found["user"]["ttclid"] == "E.C.P.page"


@pytest.mark.parametrize("referer", ["https://other.example/", "", "about:blank"])
def test_a_fetch_from_elsewhere_names_itself(referer: str) -> None:
    """Another host's page is not ours to report."""
    page = captured(referer=referer, sec_fetch_dest="empty")["page"]
    assert page["url"] == "https://shop.example/api/checkout"


@pytest.mark.parametrize("dest", ["document", "iframe", ""])
def test_a_navigation_names_itself(dest: str) -> None:
    """A form that is sent has its own address in the bar."""
    page = captured(referer=CART, sec_fetch_dest=dest)["page"]
    assert page == {"url": "https://shop.example/api/checkout", "referrer": CART}


@pytest.mark.parametrize("junk", JUNK)
def test_junk_never_replaces_a_good_click_id(junk: str) -> None:
    """Neither in the URL nor in a cookie of the same name before it, nor in the Pixel's."""
    cookie = f"ttclid={junk}; ttclid=E.C.P.kept; _ttp={junk}; _ttp=2F7hGood"
    found = captured(query=f"ttclid={junk}", cookie=cookie)["user"]
    assert (found["ttclid"], found["ttp"]) == ("E.C.P.kept", "2F7hGood")


@pytest.mark.parametrize("junk", JUNK)
def test_junk_alone_is_no_click_id(junk: str) -> None:
    """It would be one person for all."""
    found = captured(query=f"ttclid={junk}", cookie=f"ttclid={junk}; _ttp={junk}")["user"]
    assert not {"ttclid", "ttp"} & set(found)
