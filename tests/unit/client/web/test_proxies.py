"""Header sets of real proxies: whose address, scheme and page they tell, and what is forged."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tiktok_events.web import WebSettings, capture
from tiktok_events.web.visitor_ip import MOST_HOPS

VISITOR: Final = "203.0.114.7"
SIX: Final = "2a01:4f8:c17:b8f::2"
CLOUDFLARE: Final = "172.64.0.0/13, 2606:4700::/32"
FASTLY: Final = "151.101.0.0/16"
VPC: Final = "10.0.0.0/16"


def seen(peer: str, headers: dict[str, str], trusted: str, header: str = "") -> dict[str, Any]:
    """The address and the page of a request from `peer`, over plain http within the house."""
    named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    environ = {
        "REQUEST_METHOD": "GET",
        "wsgi.url_scheme": "http",
        "REMOTE_ADDR": peer,
        "HTTP_HOST": "shop.example",
        "PATH_INFO": "/p",
        **named,
    }
    options = {"trusted_proxies": trusted, **({"ip_header": header} if header else {})}
    captured = capture(environ, WebSettings.load({}, **options))
    return {"ip": captured["user"].get("ip"), "url": captured["page"]["url"]}


@pytest.mark.parametrize(
    ("peer", "headers", "trusted", "header"),
    [
        pytest.param(
            "172.71.98.4",
            {
                "CF-Connecting-IP": VISITOR,
                "X-Forwarded-For": f"9.9.9.9,{VISITOR}",
                "X-Forwarded-Proto": "https",
                "CF-Visitor": '{"scheme":"https"}',
                "CF-Ray": "8f00ba1234-FRA",
                "CDN-Loop": "cloudflare; loops=1",
            },
            CLOUDFLARE,
            "CF-Connecting-IP",
            id="cloudflare",
        ),
        pytest.param(
            "127.0.0.1",
            {
                "CF-Connecting-IP": VISITOR,
                "X-Forwarded-For": f"9.9.9.9,{VISITOR}, 172.71.98.4",
                "X-Forwarded-Proto": "https",
                "X-Real-IP": "172.71.98.4",
            },
            f"{CLOUDFLARE}, 127.0.0.1",
            "CF-Connecting-IP",
            id="cloudflare-nginx",
        ),
        pytest.param(
            "127.0.0.1",
            {
                "X-Forwarded-For": f"9.9.9.9,{VISITOR}, 172.71.98.4",
                "X-Forwarded-Proto": "http, https, http",
            },
            f"{CLOUDFLARE}, 127.0.0.1",
            "",
            id="cloudflare-nginx-both-append",
        ),
        pytest.param(
            "10.0.3.17",
            {
                "X-Forwarded-For": f"9.9.9.9, {VISITOR}",
                "X-Forwarded-Proto": "https",
                "X-Forwarded-Port": "443",
                "X-Amzn-Trace-Id": "Root=1-67891233-abcdef012345678912345678",
            },
            VPC,
            "",
            id="alb",
        ),
        pytest.param(
            "10.0.3.17",
            {"X-Forwarded-For": f"{VISITOR}:51234", "X-Forwarded-Proto": "https"},
            VPC,
            "",
            id="alb-with-client-port",
        ),
        pytest.param(
            "10.0.3.17",
            {
                "CloudFront-Viewer-Address": f"{VISITOR}:46532",
                "X-Forwarded-For": f"{VISITOR}, 130.176.1.1",
                "X-Forwarded-Proto": "https",
                "Via": "2.0 abc.cloudfront.net (CloudFront)",
            },
            VPC,
            "CloudFront-Viewer-Address",
            id="cloudfront-alb",
        ),
        pytest.param(
            "10.0.3.17",
            {
                "X-Forwarded-For": f"8.8.8.8, {VISITOR}, 130.176.1.1",
                "X-Forwarded-Proto": "https, https",
            },
            f"{VPC}, 130.176.0.0/16",
            "",
            id="cloudfront-alb-by-chain",
        ),
        pytest.param(
            "151.101.2.3",
            {
                "Fastly-Client-IP": VISITOR,
                "Fastly-SSL": "1",
                "X-Forwarded-For": f"{VISITOR}, 151.101.9.9",
                "X-Forwarded-Proto": "https",
                "X-Forwarded-Server": "cache-fra-1",
                "X-Varnish": "1",
            },
            FASTLY,
            "Fastly-Client-IP",
            id="fastly",
        ),
        pytest.param(
            "127.0.0.1",
            {
                "X-Real-IP": VISITOR,
                "X-Forwarded-For": f"9.9.9.9, {VISITOR}",
                "X-Forwarded-Proto": "https",
                "X-Forwarded-Host": "shop.example",
            },
            "127.0.0.1",
            "",
            id="nginx",
        ),
        pytest.param(
            "",
            {"X-Forwarded-For": VISITOR, "X-Forwarded-Proto": "https"},
            "unix",
            "",
            id="nginx-unix-socket",
        ),
        pytest.param(
            "10.0.0.2",
            {
                "Forwarded": f'for=9.9.9.9;proto=http, for="{VISITOR}:4711";proto=https;'
                "host=shop.example, for=10.0.0.9;proto=http;host=inner"
            },
            VPC,
            "Forwarded",
            id="two-of-rfc-7239",
        ),
        pytest.param(
            "10.0.0.2",
            {
                "X-Forwarded-For": f"9.9.9.9, {VISITOR}, 10.0.0.9",
                "X-Forwarded-Proto": "http, https, http",
                "X-Forwarded-Host": "evil.example, shop.example, inner",
            },
            VPC,
            "",
            id="two-that-append-everything",
        ),
    ],
)
def test_a_proxy_tells_the_visitor(
    peer: str, headers: dict[str, str], trusted: str, header: str
) -> None:
    """As the page's table says: the visitor's address, and https as in the address bar."""
    found = seen(peer, headers, trusted, header)
    assert found == {"ip": VISITOR, "url": "https://shop.example/p"}


@pytest.mark.parametrize(
    "spelt",
    [
        SIX,
        f"[{SIX}]",
        f"[{SIX}]:51234",
        f'"[{SIX}]:51234"',
        "2a01:04f8:0c17:0b8f:0000:0000:0000:0002:443",
    ],
)
def test_an_ipv6_address_may_have_a_port(spelt: str) -> None:
    """In brackets, or as CloudFront writes it."""
    assert seen("10.0.0.2", {"X-Forwarded-For": spelt}, VPC)["ip"] == SIX


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        (VISITOR, {"X-Forwarded-For": "9.9.9.9", "X-Forwarded-Proto": "https"}),
        ("10.0.0.2", {"X-Forwarded-For": VISITOR, "X-Forwarded-Proto": "https, http"}),
    ],
)
def test_a_visitor_cannot_say_how_they_came(peer: str, headers: dict[str, str]) -> None:
    """Neither past the proxies nor by a value in front of theirs."""
    assert seen(peer, headers, VPC) == {"ip": VISITOR, "url": "http://shop.example/p"}


def test_a_list_that_no_chain_makes_is_not_believed() -> None:
    """Nothing of it, so that the connection's own word stands."""
    headers = {
        "X-Forwarded-For": ", ".join(["9.9.9.9"] * (MOST_HOPS + 1)),
        "X-Forwarded-Proto": ",".join(["https"] * (MOST_HOPS + 1)),
    }
    assert seen("10.0.0.2", headers, VPC) == {"ip": None, "url": "http://shop.example/p"}
