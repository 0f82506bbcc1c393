"""The sandbox's API as a function answers head and body as the service does."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tiktok_events_sandbox import api
from tiktok_events_sandbox.checks import Options, Refusal
from tiktok_events_sandbox.exchange import Head

TOKENS = {"secret": frozenset({"PIXEL1"}), "wide": None}


def head(**changes: Any) -> Head:
    """Return the head of a request that is accepted, with changes."""
    return Head(**{"method": "POST", "target": api.PATH, "token": "secret", **changes})


def body(**changes: Any) -> bytes:
    """Return a body that is accepted, with changes."""
    event = {
        "event": "Purchase",
        "event_time": 1_767_225_600,
        "page": {"url": "https://shop.example/"},
    }
    top = {"event_source": "web", "event_source_id": "PIXEL1", "data": [event]}
    return orjson.dumps({**top, **changes})


def decide(the_head: Head, the_body: bytes) -> Refusal | None:
    """Decide with the tokens of this file."""
    return api.decide(api.read_call(the_head, the_body), TOKENS, Options(strict=True))


def test_a_request_of_the_documented_form_is_accepted() -> None:
    """A known token, its pixel and a good event draw no refusal."""
    assert decide(head(), body()) is None


@pytest.mark.parametrize(
    ("changes", "code", "http_status"),
    [
        ({"target": "/open_api/v1.3/event/track"}, 40400, 404),
        ({"target": "/open_api/v1.3/pixel/track/"}, 40400, 404),
        ({"method": "GET"}, 40400, 404),
        ({"token": None}, 40104, 200),
        ({"token": ""}, 40104, 200),
        ({"token": "other"}, 40105, 200),
        ({"content_type": "text/plain"}, 40002, 200),
    ],
)
def test_a_wrong_head_is_refused(changes: dict[str, Any], code: int, http_status: int) -> None:
    """Path, method, token and content type are checked before the body."""
    refusal = decide(head(**changes), b"no JSON")
    assert refusal is not None
    assert (code, http_status) == (refusal.code, refusal.http_status)


def test_an_unknown_token_is_refused_in_the_services_words() -> None:
    """The literal answer to a wrong token is given."""
    expected = Refusal(40105, "Access token is incorrect or has been revoked.")
    assert expected == decide(head(token="other"), body())


def test_a_foreign_pixel_is_refused_in_the_services_words() -> None:
    """A token without right for the pixel draws the literal answer."""
    expected = Refusal(
        40001,
        "No permission to operate pixel code: PIXEL2. "
        "You must be an admin or operator of this advertiser account.",
    )
    assert expected == decide(head(), body(event_source_id="PIXEL2"))


def test_a_token_without_a_list_is_good_for_every_pixel() -> None:
    """``None`` in place of the ids allows all of them."""
    assert decide(head(token="wide"), body(event_source_id="PIXEL2")) is None


def test_without_tokens_every_token_is_taken() -> None:
    """``None`` in place of the tokens accepts any."""
    call = api.read_call(head(token="anything"), body())
    assert api.decide(call, None, Options()) is None


@pytest.mark.parametrize("bad", [b"", b"{", b"\xff", b"[]", b"null", b"1", b"\x1f\x8b\x08"])
def test_a_body_that_is_no_json_object_is_refused(bad: bytes) -> None:
    """Empty, broken, compressed and other bodies draw a parameter error."""
    refusal = decide(head(), bad)
    assert refusal is not None
    assert refusal.code == 40002


def test_a_null_is_refused() -> None:
    """A null in the body is seen although the search is skipped where none can be."""
    event = {"event": "Purchase", "event_time": 1, "page": {"url": "u"}, "user": {"ip": None}}
    expected = Refusal(40002, "Invalid value for user.ip: may not be null.")
    assert expected == decide(head(), body(data=[event]))


def test_a_destination_has_its_test_code_behind() -> None:
    """Source, id and test code name a destination."""
    calls = [api.read_call(head(), each) for each in (body(), body(test_event_code="T1"), b"")]
    assert [call.destination for call in calls] == ["web:PIXEL1", "web:PIXEL1:T1", ""]


def test_success_has_the_documented_envelope() -> None:
    """Code 0, message OK, empty data, and a request id that begins with the UTC time."""
    answer = orjson.loads(api.reply_to(None, 1_767_225_600).body)
    request_id = answer.pop("request_id")
    assert answer == {"code": 0, "message": "OK", "data": {}}
    assert (request_id[:14], len(request_id)) == ("20260101000000", 34)


def test_request_ids_differ() -> None:
    """Two answers of the same second have different ids."""
    assert api.request_id(0) != api.request_id(0)


def test_no_repr_shows_a_token_or_an_event() -> None:
    """The values that may be logged hold neither the token nor the events."""
    call = api.read_call(head(), body())
    assert ("secret" in repr(call), "Purchase" in repr(call)) == (False, False)
