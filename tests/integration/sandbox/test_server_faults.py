"""The sandbox over real sockets: the faults that a rule asks for."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from tests.builders.sandbox_requests import PATH, body, post
from tiktok_events_sandbox import Sandbox


@pytest.mark.parametrize("accept", [True, False])
def test_a_reset_reaches_the_sender_as_a_reset(
    sandbox: Sandbox,
    session: requests.Session,
    accept: bool,  # noqa: FBT001 — a table column
) -> None:
    """The connection ends by RST after reading; the events count when the rule says so."""
    sandbox.rule({"kind": "reset", "accept": accept}, match={"times": 1})
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        post(sandbox, session)
    assert post(sandbox, session).json()["code"] == 0
    assert (int(accept), 1) == (sandbox.report().repeated, sandbox.report().distinct)


def test_a_reset_before_reading_takes_no_body(sandbox: Sandbox, session: requests.Session) -> None:
    """The connection ends before the body is read and nothing is received."""
    sandbox.rule({"kind": "reset", "when": "before_reading"}, match={"times": 1})
    with pytest.raises(requests.ConnectionError):
        post(sandbox, session)
    assert (sandbox.report().requests, sandbox.report().events_received) == (1, 0)


def test_a_hanging_answer_ends_with_the_senders_patience(
    sandbox: Sandbox, session: requests.Session
) -> None:
    """The sender's read time-out ends the wait."""
    sandbox.rule({"kind": "hang"})
    with pytest.raises(requests.ReadTimeout):
        session.post(sandbox.url + PATH, json=body(1), timeout=0.2)
    assert sandbox.report().events_received == 1


def test_a_hanging_answer_ends_after_its_seconds(
    sandbox: Sandbox, session: requests.Session
) -> None:
    """The server closes without an answer when the rule's time is over."""
    sandbox.rule({"kind": "hang", "max_s": 0.05})
    with pytest.raises(requests.ConnectionError, match="without response"):
        post(sandbox, session)


def test_a_slow_answer_comes_late_but_comes(sandbox: Sandbox, session: requests.Session) -> None:
    """The answer is held back for the seconds of the rule."""
    sandbox.rule({"kind": "slow", "delay_s": 0.2})
    started = time.monotonic()
    assert post(sandbox, session).json()["code"] == 0
    assert time.monotonic() - started >= 0.2


def test_a_truncated_body_is_seen_as_broken(sandbox: Sandbox, session: requests.Session) -> None:
    """Fewer bytes arrive than the header promised."""
    sandbox.rule({"kind": "truncated"})
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        post(sandbox, session)


@pytest.mark.parametrize(
    ("effect", "status", "content"),
    [
        ({"kind": "empty"}, 200, b""),
        ({"kind": "no_code"}, 200, b'{"message":"OK"}'),
        ({"kind": "redirect"}, 302, b""),
    ],
)
def test_answers_that_say_nothing(
    sandbox: Sandbox,
    session: requests.Session,
    effect: dict[str, Any],
    status: int,
    content: bytes,
) -> None:
    """Empty, codeless and redirecting answers arrive as they are."""
    sandbox.rule(effect)
    answer = post(sandbox, session)
    assert (status, content) == (answer.status_code, answer.content)


def test_a_gateway_page_is_html(sandbox: Sandbox, session: requests.Session) -> None:
    """A 502 has a page in place of JSON."""
    sandbox.rule({"kind": "html"})
    answer = post(sandbox, session)
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")
    assert "502 Bad Gateway" in answer.text


def test_retry_after_is_a_header(sandbox: Sandbox, session: requests.Session) -> None:
    """A throttle may tell its seconds."""
    sandbox.rule({"kind": "throttle", "for_s": 60, "retry_after": True, "http_status": 429})
    answer = post(sandbox, session)
    assert (
        answer.status_code,
        answer.headers["Retry-After"],
        answer.json()["code"],
    ) == (429, "60", 40100)
