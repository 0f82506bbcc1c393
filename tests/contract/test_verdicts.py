"""The table of verdicts, row by row: codes, statuses, literal answers.

Source: numbers and meanings of the codes from github.com/tiktok/tiktok-business-api-sdk
`python_sdk/business_api_client/tiktok_business/tiktok_code.py`; literal answers from
github.com/rudderlabs/rudder-transformer `tiktok_ads/network.ts`, github.com/stape-io/tiktok-tag
issues 10 and 33, and the tests of github.com/airbytehq/airbyte `source-tiktok-marketing`
(read 2026-11-22).
"""

from __future__ import annotations

import orjson
import pytest

from worker.attempts.verdict import (
    Verdict,
    judge,
    verdict_of_code,
)

CODES = {
    Verdict.DELIVERED: (0,),
    Verdict.THROTTLED: (40100, 40132, 40133, 61000),
    Verdict.TRANSIENT: (
        *(40200, 40201, 40202, 40700),
        *(50000, 50002, 60001),
        *range(51000, 51068),
        51099,
        *(52000, 52001, 52002, 52003, 52100, 52101, 52102, 52103),
        *(52201, 52202, 52203, 52204, 53102, 53103),
        *(59999, 60000, 69999, 70000, 70002, 99999, 2**63 - 1),
    ),
    Verdict.CREDENTIAL: (
        *(40001, 40003),
        *range(40101, 40111),
        *range(40112, 40120),
        *(40124, 40125, 40130, 40131),
        *(40300, 40301, 40302, 40309, 41000),
    ),
    Verdict.CONFIGURATION: (
        *(40006, 40007, 40009, 40010, 40051, 40063),
        *(40400, 40900, 41001, 41002, 70001),
    ),
    Verdict.REJECTED: (
        *(40000, 40002, 40008, 40011, 40012, 40013, 40014, 40016),
        *(40061, 40062, 40111, 40120, 40121, 40122, 40126, 40127, 40128, 40129),
        *(40502, *range(40901, 40917), 41003, 49999),
    ),
    # A duplicate may have been accepted before: no success, and no refusal of an event.
    Verdict.AMBIGUOUS: (40050,),
    Verdict.UNCLEAR: (20001, 1, 200, 10000, 20000, 20002, 39999, -1, -40002, -(2**63)),
}


@pytest.mark.parametrize(
    ("code", "verdict"), [(code, verdict) for verdict, codes in CODES.items() for code in codes]
)
def test_each_code_has_its_verdict(code: int, verdict: Verdict) -> None:
    """Every documented code, the edges of the ranges, and codes that nobody has documented."""
    assert verdict is verdict_of_code(code)


def test_only_code_0_is_delivered() -> None:
    """No other code is success, known or not."""
    codes = range(-1_000, 100_000)
    assert [code for code in codes if verdict_of_code(code) is Verdict.DELIVERED] == [0]


@pytest.mark.parametrize("status", [200, 201, 302, 400, 401, 403, 404, 413, 429, 499])
@pytest.mark.parametrize("code", [40002, 40050, 40100, 40105, 50002, 20001])
def test_the_code_decides_whatever_the_status(status: int, code: int) -> None:
    """Most errors come inside an HTTP 200, and some with another status."""
    answer = judge(status, {}, orjson.dumps({"code": code, "message": "m"}))
    assert (answer.verdict, answer.code, answer.http_status) == (
        verdict_of_code(code),
        code,
        status,
    )


@pytest.mark.parametrize("status", range(600))
def test_code_0_is_success_where_the_status_says_so_too(status: int) -> None:
    """An answer that contradicts itself is no success, and no refusal either."""
    verdict = judge(status, {}, b'{"code":0,"message":"OK"}').verdict
    assert verdict == ("delivered" if 200 <= status <= 299 else "ambiguous")


@pytest.mark.parametrize("code", [40002, 40105, 50002, 61000])
def test_another_code_within_a_server_error_keeps_its_verdict(code: int) -> None:
    """Only success is doubted."""
    assert verdict_of_code(code) is judge(503, {}, orjson.dumps({"code": code})).verdict


BODIES_WITHOUT_A_CODE = [
    b"",
    b"{}",
    b"null",
    b"[]",
    b'[{"code":0}]',
    b'"OK"',
    b"0",
    b"OK",
    b'{"code":"0"}',
    b'{"code":"40100"}',
    b'{"code":0.0}',
    b'{"code":40002.0}',
    b'{"code":null}',
    b'{"code":true}',
    b'{"code":false}',
    b'{"code":[0]}',
    b'{"code":99999999999999999999}',
    b'{"Code":0}',
    b'{"status":"OK"}',
    b'{"data":{"code":0}}',
    b'{"code":0',
    b'\xef\xbb\xbf{"code":0}',
    b'{"code":0}\xff',
    b'{"code":0}{"code":0}',
    b'{"error":{"message":"Service Unavailable"}}',
    b"<html><body>OK</body></html>",
]

STATUSES = {
    Verdict.AMBIGUOUS: (200, 201, 202, 204, 206, 299, 100, 600, 0),
    Verdict.CONFIGURATION: (300, 301, 302, 303, 307, 308, 399, 404),
    Verdict.CREDENTIAL: (401, 403),
    Verdict.THROTTLED: (429,),
    Verdict.TRANSIENT: (408, 425, 500, 501, 502, 503, 504, 520, 599),
    Verdict.REJECTED: (400, 402, 405, 409, 411, 413, 414, 415, 422, 451, 499),
}


@pytest.mark.parametrize("body", BODIES_WITHOUT_A_CODE)
@pytest.mark.parametrize("verdict", STATUSES)
def test_without_an_integer_code_the_status_decides(body: bytes, verdict: Verdict) -> None:
    """What is not the envelope of the API is never success, and never an exception."""
    answers = [judge(status, {}, body) for status in STATUSES[verdict]]
    assert [(verdict, None, status) for status in STATUSES[verdict]] == [
        (answer.verdict, answer.code, answer.http_status) for answer in answers
    ]


LITERAL = [
    (200, b'{"code":0,"message":"OK"}', "delivered"),
    (
        200,
        b'{"code":0,"data":null,"message":"OK","request_id":"2025062217554691FA1E8FB37D612053A0"}',
        "delivered",
    ),
    (
        200,
        b'{"code":40002,"message":"Batch.0.properties.contents.0.content_id: Not a valid string"}',
        "rejected",
    ),
    (
        200,
        (
            b'{"code":40002,"message":"Invalid value for event_id: not a valid string.",'
            b'"request_id":"202303141300390EF6F5D96D1798201C51"}'
        ),
        "rejected",
    ),
    (
        200,
        b'{"code":40002,"message":"Invalid value for event_source_id: not a valid string."}',
        "configuration",
    ),
    (
        400,
        b'{"code":40002,"message":"Invalid value for event_source: must be web, app or offline."}',
        "configuration",
    ),
    (
        200,
        (
            b'{"code":40001,"message":"No permission to operate pixel code: ABC. You must be an '
            b'admin or operator of this advertiser account."}'
        ),
        "credential",
    ),
    (
        200,
        b'{"code":40100,"message":"Too many requests. Please retry in some time."}',
        "throttled",
    ),
    (200, b'{"code":40100,"message":"App reaches the QPS limit."}', "throttled"),
    (401, b'{"code":40100,"message":"App reaches the QPS limit."}', "throttled"),
    (
        200,
        b'{"code":40105,"message":"Access token is incorrect or has been revoked."}',
        "credential",
    ),
    (
        401,
        b'{"code":40105,"message":"Access token is incorrect or has been revoked."}',
        "credential",
    ),
    (
        200,
        b'{"code":50002,"message":"Internal service timed out. Please retry in sometime."}',
        "transient",
    ),
    (
        502,
        (
            b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center>"
            b"<h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body></html>"
        ),
        "transient",
    ),
    (503, b'{"error":{"message":"Service Unavailable","description":"down"}}', "transient"),
]


@pytest.mark.parametrize(("status", "body", "verdict"), LITERAL)
def test_a_literal_answer_has_its_verdict(status: int, body: bytes, verdict: str) -> None:
    """Answers that were seen in public, as they were."""
    assert verdict == judge(status, {}, body).verdict


@pytest.mark.parametrize(
    "message",
    [
        "Invalid value for event_id: not a valid string.",
        "Invalid value for event: event_source_id is missing",
        "Batch.0.event_source_id: Not a valid string",
        "Invalid value for event_source_ids: no",
    ],
)
def test_a_refusal_that_names_another_field_blames_an_event(message: str) -> None:
    """Only what stands beside the events is the destination's."""
    answer = judge(200, {}, orjson.dumps({"code": 40002, "message": message}))
    assert answer.verdict is Verdict.REJECTED


@pytest.mark.parametrize("code", [40000, 40105, 50002, 0])
def test_the_destinations_field_matters_with_a_parameter_error_only(code: int) -> None:
    """Another code has its own meaning."""
    message = "Invalid value for event_source_id: not a valid string."
    answer = judge(200, {}, orjson.dumps({"code": code, "message": message}))
    assert answer.verdict is verdict_of_code(code)


def test_any_other_message_decides_nothing() -> None:
    """The same text comes with other codes."""
    text = "Too many requests. Access token is incorrect. OK"
    verdicts = [
        judge(200, {}, orjson.dumps({"code": code, "message": text})).verdict
        for code in (0, 40002, 40100, 40105)
    ]
    assert verdicts == ["delivered", "rejected", "throttled", "credential"]
