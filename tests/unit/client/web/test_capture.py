"""What a web request tells about a visitor, and what it must not be believed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tiktok_events import Policy
from tiktok_events.web import Visit, WebSettings, capture, with_capture
from tiktok_events.web.capture import USER_AGENT_CHARS
from tiktok_events.web.page import URL_CHARS

CLICK = "E.C.P." + "aB3-_" * 200
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SETTINGS = WebSettings.load({})
PROXIED = WebSettings.load({}, trusted_proxies="10.0.0.0/8")


def environ(**changes: Any) -> dict[str, Any]:
    """A WSGI environ of a shop's page."""
    return {
        "REQUEST_METHOD": "GET",
        "wsgi.url_scheme": "https",
        "REMOTE_ADDR": "8.8.4.4",
        "HTTP_HOST": "shop.example",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/p",
        "QUERY_STRING": "",
        **changes,
    }


def scope(headers: list[tuple[bytes, bytes]] | None = None, **changes: Any) -> dict[str, Any]:
    """An ASGI scope of the same page."""
    return {
        "type": "http",
        "scheme": "https",
        "client": ("8.8.4.4", 4711),
        "path": "/p",
        "query_string": b"",
        "headers": [(b"host", b"shop.example"), *(headers or [])],
        **changes,
    }


def page(**changes: Any) -> dict[str, str]:
    """The page of an environ."""
    return capture(environ(**changes), SETTINGS)["page"]


def test_everything_is_read_from_a_wsgi_environ() -> None:
    """Five match keys and two URLs."""
    asked = environ(
        QUERY_STRING=f"color=blue&ttclid={CLICK}",
        HTTP_COOKIE="a=b; _ttp=2F7h37YkS1j57AYSKTI7IHhJPYH; ttclid=E.C.P.older",
        HTTP_USER_AGENT=AGENT,
        HTTP_REFERER="https://www.tiktok.com/",
        HTTP_ACCEPT_LANGUAGE="de-DE,de;q=0.9",
    )
    assert capture(asked, SETTINGS) == {
        "user": {
            "ttclid": CLICK,
            "ttp": "2F7h37YkS1j57AYSKTI7IHhJPYH",
            "ip": "8.8.4.4",
            "user_agent": AGENT,
            "locale": "de-DE",
        },
        "page": {
            "url": f"https://shop.example/p?color=blue&ttclid={CLICK}",
            "referrer": "https://www.tiktok.com/",
        },
    }


def test_an_asgi_scope_tells_the_same() -> None:
    """Cookies may come in several headers there."""
    asked = scope(
        [
            (b"cookie", b"_ttp=2F7h37"),
            (b"cookie", b"ttclid=E.C.P.kept"),
            (b"user-agent", AGENT.encode()),
            (b"referer", b"https://shop.example/"),
            (b"accept-language", b"fr"),
        ],
        query_string=b"q=1",
        raw_path=b"/caf%C3%A9?q=1",
    )
    assert capture(asked, SETTINGS) == {
        "user": {
            "ttclid": "E.C.P.kept",
            "ttp": "2F7h37",
            "ip": "8.8.4.4",
            "user_agent": AGENT,
            "locale": "fr",
        },
        "page": {"url": "https://shop.example/caf%C3%A9?q=1", "referrer": "https://shop.example/"},
    }


def test_a_request_that_tells_nothing_gives_empty_parts() -> None:
    """Both keys are there, so that a view need not ask."""
    assert capture({"REQUEST_METHOD": "GET"}, SETTINGS) == {"user": {}, "page": {}}


def test_what_is_no_request_is_a_mistake_of_the_caller() -> None:
    """The only thing that raises."""
    with pytest.raises(TypeError, match="str is no WSGI environ"):
        capture("https://shop.example/", SETTINGS)


# --- the page ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"PATH_INFO": "/caf\xc3\xa9 bar"}, "https://shop.example/caf%C3%A9%20bar"),
        ({"SCRIPT_NAME": "/app"}, "https://shop.example/app/p"),
        ({"PATH_INFO": ""}, "https://shop.example/"),
        ({"HTTP_HOST": "shop.example:8443"}, "https://shop.example:8443/p"),
        ({"HTTP_HOST": "[::1]:80"}, "https://[::1]:80/p"),
        ({"wsgi.url_scheme": "http"}, "http://shop.example/p"),
        ({"QUERY_STRING": 'q=a b"<\xff'}, "https://shop.example/p?q=a%20b%22%3C%FF"),
        ({"QUERY_STRING": "q=" + "x" * URL_CHARS}, "https://shop.example/p"),
    ],
)
def test_the_url_is_the_one_of_the_address_bar(changes: dict[str, Any], expected: str) -> None:
    """Percent-encoded; without a query that would be too long."""
    assert page(**changes) == {"url": expected}


@pytest.mark.parametrize(
    "changes",
    [
        {"HTTP_HOST": "shop.example/evil"},
        {"HTTP_HOST": "shop.example\r\nx: y"},
        {"HTTP_HOST": "a,b"},
        {"HTTP_HOST": ""},
        {"HTTP_HOST": "user@shop.example"},
        {"PATH_INFO": "/" + "x" * URL_CHARS},
    ],
)
def test_a_url_that_cannot_be_one_is_left_out(changes: dict[str, Any]) -> None:
    """A host is a name and a port, nothing more."""
    assert page(**changes) == {}


@pytest.mark.parametrize(
    "referrer",
    [
        "about:blank",
        "javascript:alert(1)",
        "android-app://com.example/",
        "//shop.example",
        "https://",
        "https://user:secret@shop.example/",
        "https://[::1",
        "https://shop.example/a b",
        "https://shop.example/\x00",
        "https://shop.example/" + "x" * URL_CHARS,
    ],
)
def test_a_referrer_that_is_no_web_page_is_left_out(referrer: str) -> None:
    """Nor does a password get through."""
    assert "referrer" not in page(HTTP_REFERER=referrer)


def test_a_referrer_in_any_alphabet_is_percent_encoded() -> None:
    """Whether it came as UTF-8 or as Latin-1."""
    assert page(HTTP_REFERER="https://shop.example/\xc3\xa9")["referrer"].endswith("/%C3%A9")
    assert page(HTTP_REFERER="https://shop.example/\xe9")["referrer"].endswith("/%C3%A9")


@pytest.mark.parametrize(
    ("peer", "expected"),
    [("10.0.0.1", "https://shop.example/p"), ("8.8.4.4", "http://inside:8000/p")],
)
def test_a_trusted_proxy_knows_the_host_and_the_scheme(peer: str, expected: str) -> None:
    """And nobody else does."""
    asked = environ(
        **{"wsgi.url_scheme": "http"},
        REMOTE_ADDR=peer,
        HTTP_HOST="inside:8000",
        HTTP_X_FORWARDED_HOST="evil.example, shop.example",
        HTTP_X_FORWARDED_PROTO="https",
    )
    assert capture(asked, PROXIED)["page"]["url"] == expected


def test_the_standard_header_tells_host_and_scheme_too() -> None:
    """The last element is our proxy's."""
    settings = WebSettings.load({}, trusted_proxies="10.0.0.0/8", ip_header="Forwarded")
    asked = environ(
        REMOTE_ADDR="10.0.0.1",
        HTTP_FORWARDED="for=1.1.1.1;host=evil.example, for=8.8.4.4;host=shop.example;proto=http",
    )
    captured = capture(asked, settings)
    assert captured["page"]["url"] == "http://shop.example/p"
    assert captured["user"]["ip"] == "8.8.4.4"


# --- the rest ----------------------------------------------------------------------------


@pytest.mark.parametrize("agent", ["", " ", "x" * (USER_AGENT_CHARS + 1), "a\x00b", "a\nb"])
def test_a_user_agent_that_is_none_is_left_out(agent: str) -> None:
    """Too long ones are not cut: half of one matches nobody."""
    assert "user_agent" not in capture(environ(HTTP_USER_AGENT=agent), SETTINGS)["user"]


@pytest.mark.parametrize("name", [b"host", b"user-agent", b"referer", b"accept-language"])
def test_a_header_that_may_come_once_is_not_believed_twice(name: bytes) -> None:
    """Proxies disagree on which of the two counts."""
    value = {b"host": b"shop.example", b"referer": b"https://shop.example/"}.get(name, b"de")
    captured = capture({**scope(), "headers": [(name, value), (name, value)]}, SETTINGS)
    assert captured == {"user": {"ip": "8.8.4.4"}, "page": {}}


def test_an_event_goes_before_what_was_captured() -> None:
    """Part by part; neither of the two is changed."""
    captured = {"user": {"ip": "8.8.4.4", "locale": "de"}, "page": {"url": "https://a.example/"}}
    event = {"event": "Lead", "user": {"locale": "fr", "email": "jo@example.com"}, "page": None}
    assert with_capture(event, captured) == {
        "event": "Lead",
        "user": {"ip": "8.8.4.4", "locale": "fr", "email": "jo@example.com"},
        "page": {"url": "https://a.example/"},
    }
    assert event["page"] is None


def test_without_consent_nothing_is_added() -> None:
    """The capture is empty then."""
    assert with_capture({"event": "Lead"}, {}) == {"event": "Lead"}


@pytest.mark.parametrize("visit", [None, {}, Visit()])
def test_outside_of_a_page_nothing_is_added(visit: Any) -> None:
    """The event itself is as good there."""
    assert with_capture({"event": "Purchase"}, visit) == {"event": "Purchase"}


def test_a_visit_is_not_changed_by_what_is_done_with_its_parts() -> None:
    """A view that adds to them does not change what the next one sees."""
    visit = Visit(captured={"user": {"ip": "8.8.4.4"}, "page": {}})
    visit.user["ip"] = "changed"
    assert visit.user == {"ip": "8.8.4.4"}


def test_a_form_tells_nothing_that_the_visitor_has_not_agreed_to() -> None:
    """Also where a shop hands the event to a plain client, and forgets the policy."""
    event = {"event": "Lead", "user": {"email": "jo@example.com"}}
    assert with_capture(event, Visit()) == {"event": "Lead"}
    limited = Visit(Policy("limit", remove=("user.email",)), {"user": {"ttclid": "E.C.P"}})
    expected = {"event": "Lead", "user": {"ttclid": "E.C.P"}, "limited_data_use": True}
    assert with_capture(event, limited) == expected


@pytest.mark.parametrize("use", ["keep", "limit", "drop"])
def test_a_visit_can_be_kept_with_an_order(use: Any) -> None:
    """As JSON, for whoever reports the order when it is paid."""
    visit = Visit(Policy(use, remove=("user.ip",)), {"user": {"ttclid": "E.C.P"}, "page": {}})
    assert Visit.from_dict(json.loads(json.dumps(visit.to_dict()))) == visit


@pytest.mark.parametrize(
    "junk", [None, {}, [], "keep", {"use": "all", "remove": [], "captured": {}}, {"use": "keep"}]
)
def test_what_was_not_kept_is_no_consent(junk: Any) -> None:
    """A column that is empty must not turn into a yes."""
    assert Visit.from_dict(junk) == Visit()


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (("shop.test", "443"), "https://shop.test/p"),
        (("shop.test", "8443"), "https://shop.test:8443/p"),
        (("", ""), None),
    ],
)
def test_without_a_host_header_the_server_names_itself(
    server: tuple[str, str], expected: str | None
) -> None:
    """As PEP 3333 puts a URL together again; test clients of frameworks rely on it."""
    asked = environ(SERVER_NAME=server[0], SERVER_PORT=server[1])
    del asked["HTTP_HOST"]
    assert capture(asked, SETTINGS)["page"].get("url") == expected
