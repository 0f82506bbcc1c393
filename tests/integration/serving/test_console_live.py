"""Streams of live pages: what has changed is sent, to few at a time, and each ends when it must."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import requests
from redis import Redis

from tests.builders.consoles import Browser, Console, plant
from tests.builders.serving import Serving
from tests.builders.stores import store_of
from tests.builders.wait import wait_until
from worker.reporting.audit import Audit
from worker.serving.console.live import MOST
from worker.serving.tokens import Role, make_token

STREAM: Final = "text/event-stream"
AS_HTMX: Final = {"HX-Request": "true", "Accept": f"text/html, {STREAM}"}


@contextmanager
def asked(browser: Browser, path: str = "/") -> Iterator[requests.Response]:
    """The answer to htmx, as it comes."""
    url = browser.url + path
    with browser.session.get(
        url, headers=AS_HTMX, stream=True, timeout=20, allow_redirects=False
    ) as answer:
        yield answer


def parts(answer: requests.Response) -> Iterator[str]:
    """Each part of a stream."""
    lines: list[str] = []
    for line in answer.iter_lines(decode_unicode=True):
        if line.startswith("data:"):
            lines.append(line)
        elif not line and lines:
            yield "\n".join(lines)
            lines = []


def is_stream(answer: requests.Response) -> bool:
    """Whether it does not end by itself."""
    return answer.headers.get("Content-Type", "").startswith(STREAM)


def test_what_has_changed_is_sent(redis: Redis, site: Console) -> None:
    """The part alone, and again with what died meanwhile; nothing between says it anew."""
    plant(redis, letters=3, others=0)
    with asked(site.browser(Role.VIEW)) as answer:
        seen = parts(answer)
        first = next(seen)
        assert "3 letters, one cause" in first
        assert "<html" not in first
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        plant(redis, letters=2, others=0)
        assert any("5 letters, one cause" in part for part in seen)


def test_a_page_that_does_not_change_is_no_stream(redis: Redis, site: Console) -> None:
    """An address that is asked for by htmx is answered with its part, once."""
    plant(redis)
    with asked(site.browser(Role.VIEW), "/trace?q=order-3") as answer:
        assert not is_stream(answer)
        assert "<html" not in answer.text


def test_one_stream_too_many_is_answered_once(site: Console) -> None:
    """With the part, so that its page polls; when the others are closed there is room again."""
    browser = site.browser(Role.VIEW)
    with ExitStack() as stack:
        opened = [stack.enter_context(asked(browser)) for _ in range(MOST)]
        assert all(map(is_stream, opened))
        with asked(browser) as answer:
            assert not is_stream(answer)
            assert "accounted for" in answer.text
    wait_until(lambda: has_room(browser))


def has_room(browser: Browser) -> bool:
    """Whether one more is answered with a stream."""
    with asked(browser) as answer:
        return is_stream(answer)


def test_signing_out_ends_the_streams_of_a_session(redis: Redis, site: Console) -> None:
    """Not those of others."""
    leaving, staying = site.browser(Role.VIEW), site.browser(Role.EDIT)
    with asked(leaving) as ended, asked(staying) as going:
        seen = parts(going)
        next(seen)
        leaving.post("/signout")
        assert len(list(parts(ended))) == 1
        plant(redis, letters=2, others=0)
        assert next(seen)


def test_a_revoked_token_ends_its_streams(site: Console, tmp_path: Path) -> None:
    """And the page is led to the sign-in."""
    browser, path = site.browser(Role.VIEW), tmp_path / "tokens"
    with asked(browser) as answer:
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if "view-person" not in line))
        assert len(list(parts(answer))) == 1
    with asked(browser) as answer:
        assert answer.headers["HX-Redirect"] == "/signin?next=%2F"


def test_a_test_event_is_followed(redis: Redis, site: Console) -> None:
    """It is accepted for the code of Test events, and its page waits for what comes next."""
    browser = site.browser(Role.OPERATE)
    waiting = browser.press(
        browser.get("/setup"), "Send, and follow it", pixel="C0EXAMPLE0PIXEL0CODE", code="TEST7"
    )
    assert "1 event, waiting" in waiting.text
    assert "web:C0EXAMPLE0PIXEL0CODE:TEST7" in waiting.text
    with asked(browser, waiting.path) as answer:
        assert is_stream(answer)
    entry = next(Audit(store_of(redis)).read())
    assert (entry.action, entry.who) == ("send", "operate-person (console)")


def test_a_test_event_needs_its_code(site: Console) -> None:
    """Without it, it would count."""
    browser = site.browser(Role.OPERATE)
    answer = browser.press(
        browser.get("/setup"), "Send, and follow it", pixel="C0EXAMPLE0PIXEL0CODE", code=" "
    )
    assert answer.status == 400
    assert "Nothing sent" in answer.text


def test_a_server_that_is_stopped_ends_its_streams(redis_url: str, tmp_path: Path) -> None:
    """Each to its last byte, and without waiting until nobody looks."""
    token = make_token(tmp_path / "tokens", "anna", Role.VIEW)
    with Serving(REDIS_URL=redis_url, SERVE_TOKENS_FILE=str(tmp_path / "tokens")) as serving:
        browser = Browser(serving.url)
        browser.post("/signin", token=token, next="/")
        with asked(browser) as answer:
            seen = parts(answer)
            next(seen)
            serving._process.terminate()
            list(seen)
        assert serving.terminate() == 0
