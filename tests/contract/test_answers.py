"""What is kept of an answer: for an operator, for the wait, for the size of the next request."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
import requests

from worker.attempts.verdict import (
    RETRY_AFTER_CAP_S,
    Answer,
    Verdict,
    judge,
    refused_for_size,
)


def test_an_answer_keeps_what_an_operator_needs() -> None:
    """Code, message, request id, status, and the data of what was no success."""
    body = {"code": 40002, "message": "no", "request_id": "2025", "data": {"failed": [1]}}
    assert judge(200, {}, orjson.dumps(body)) == Answer(
        Verdict.REJECTED,
        code=40002,
        message="no",
        request_id="2025",
        http_status=200,
        data={"failed": [1]},
    )


def test_the_data_of_a_success_is_not_kept() -> None:
    """Nobody asks for it."""
    assert judge(200, {}, b'{"code":0,"data":{"x":1}}').data is None


@pytest.mark.parametrize("value", [None, 5, ["x"], {"x": 1}, True])
def test_a_message_or_request_id_that_is_no_text_is_left_out(value: Any) -> None:
    """`null` is not the word None."""
    answer = judge(200, {}, orjson.dumps({"code": 40002, "message": value, "request_id": value}))
    assert (answer.message, answer.request_id) == ("", None)


def test_a_request_id_is_cut() -> None:
    """It stands in every dead letter."""
    answer = judge(200, {}, orjson.dumps({"code": 1, "request_id": "9" * 5_000}))
    assert answer.request_id == "9" * 128


@pytest.mark.parametrize(
    ("advice", "expected"),
    [
        ("7", 7.0),
        (" 2.5 ", 2.5),
        ("0.001", 0.001),
        ("3600", RETRY_AFTER_CAP_S),
        ("3601", RETRY_AFTER_CAP_S),
        ("1e300", RETRY_AFTER_CAP_S),
        ("0", None),
        ("-1", None),
        ("-inf", None),
        ("nan", None),
        ("soon", None),
        ("", None),
        ("1;2", None),
        ("Sun, 22 Nov 2026 16:00:00 GMT", None),
    ],
)
@pytest.mark.parametrize(
    ("status", "body"), [(429, b""), (503, b"<html>"), (200, b'{"code":40100}')]
)
def test_retry_after_is_honoured_with_a_cap(
    status: int, body: bytes, advice: str, expected: float | None
) -> None:
    """Seconds above 0 are a floor for the back-off; what is no such number is no advice."""
    headers = requests.structures.CaseInsensitiveDict({"retry-after": advice})
    assert expected == judge(status, headers, body).retry_after_s


def test_without_retry_after_there_is_no_advice() -> None:
    """The API has never been seen to send one."""
    assert judge(429, {}, b"") == Answer(
        Verdict.THROTTLED, message="HTTP 429 without a code", http_status=429
    )


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b'{"code":40061}', True),
        (413, b"<html>", True),
        (413, b'{"code":40002}', False),
        (200, b'{"code":40002}', False),
        (400, b"", False),
    ],
)
def test_a_refusal_for_size_is_known(status: int, body: bytes, *, expected: bool) -> None:
    """It is nothing that an event of the batch has done."""
    assert expected is refused_for_size(judge(status, {}, body))
