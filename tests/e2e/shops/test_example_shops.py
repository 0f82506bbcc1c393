"""The example shops, started as their READMEs say, with a real worker and the sandbox."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
from redis import Redis

from tests.builders.stores import keys
from tests.builders.wait import wait_until
from tiktok_events_sandbox import Sandbox

SHOPS: Final = ("django", "flask", "fastapi")
PIXEL: Final = "C0EXAMPLE0PIXEL0CODE"
EMAIL: Final = "jo@example.com"
AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)"


@pytest.fixture
def visitor() -> Iterator[httpx.Client]:
    """Someone with a browser, behind a proxy on this machine."""
    headers = {"user-agent": AGENT, "x-forwarded-for": "8.8.4.4", "accept-language": "de-DE"}
    with httpx.Client(headers=headers, follow_redirects=True) as client:
        yield client


def send_form(visitor: httpx.Client, url: str, **fields: str) -> httpx.Response:
    """Send a form of the shop; Django wants its token with it."""
    if token := visitor.cookies.get("csrftoken"):
        fields["csrfmiddlewaretoken"] = token
    return visitor.post(url, data=fields)


def buy(visitor: httpx.Client, shop: str, *, ads: str) -> httpx.Response:
    """Come from an advertisement, answer the question, buy; returns the thank-you page."""
    landing = f"{shop}?ttclid=E.C.P.example"
    visitor.get(landing)
    visitor.headers["referer"] = landing
    send_form(visitor, f"{shop}consent", ads=ads)
    visitor.headers["referer"] = shop
    bought = send_form(visitor, f"{shop}checkout", email=EMAIL)
    assert bought.is_success, bought.text
    return bought


@pytest.mark.parametrize("name", SHOPS)
def test_a_purchase_arrives_with_what_the_visit_told(
    name: str, visitor: httpx.Client, start_shop: Any, start_worker: Any
) -> None:
    """One distinct conversion, with the match keys of the request and the hashed e-mail."""
    shop = start_shop(name, TRUSTED_PROXIES="127.0.0.1").url
    with Sandbox(keep_events=10) as sandbox:
        start_worker(API_URL=sandbox.url)
        order_id = buy(visitor, shop, ads="yes").url.path.rpartition("/")[2]
        wait_until(lambda: sandbox.report().distinct)
        (accepted,) = sandbox.events()
    assert accepted.event_source_id == PIXEL
    assert accepted.event["event_id"] == f"order-{order_id}"
    assert accepted.event["user"] == {
        "email": hashlib.sha256(EMAIL.encode()).hexdigest(),
        "ttclid": "E.C.P.example",
        "ip": "8.8.4.4",
        "user_agent": AGENT,
        "locale": "de-DE",
    }
    assert accepted.event["page"] == {"url": f"{shop}checkout", "referrer": shop}


@pytest.mark.parametrize("name", SHOPS)
def test_who_does_not_agree_is_not_reported(
    name: str, visitor: httpx.Client, start_shop: Any, redis: Redis
) -> None:
    """Not by the server, not by the page, and no cookie is kept."""
    thanks = buy(visitor, start_shop(name).url, ads="no")
    assert "ttq" not in thanks.text.replace("ttq.js", "")
    assert visitor.cookies.get("ttclid") is None
    assert redis.exists(keys.counters) == 0


@pytest.mark.parametrize(
    ("setup", "enqueued", "told"), [("both", 1, 1), ("pixel", 0, 1), ("api", 1, 0)]
)
@pytest.mark.parametrize("name", SHOPS)
def test_a_setting_switches_the_set_up(
    *,
    name: str,
    setup: str,
    enqueued: int,
    told: int,
    visitor: httpx.Client,
    start_shop: Any,
    redis: Redis,
) -> None:
    """Pixel only, Events API only, or both, without a change of code."""
    thanks = buy(visitor, start_shop(name, SETUP=setup).url, ads="yes")
    assert len(re.findall(r"ttq\.track\(", thanks.text)) == told
    assert redis.xlen(keys.outbox(f"web:{PIXEL}")) == enqueued


@pytest.mark.parametrize("name", SHOPS)
def test_a_shop_sells_without_an_outbox(name: str, visitor: httpx.Client, start_shop: Any) -> None:
    """Redis is away: the sale goes on, and the page reports it."""
    shop = start_shop(name, REDIS_URL="redis://127.0.0.1:1/0")
    assert "ttq.track" in buy(visitor, shop.url, ads="yes").text
