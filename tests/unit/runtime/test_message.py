"""What a message of a producer without our client carries, however it is written."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any, Final

import pytest

from tiktok_events import InvalidEvent
from worker.runtime.message import MOST_LEVELS, Carried, Foreign, Unreadable, read

EVENT: Final = {"event": "Purchase", "user": {"email": "Jo.Doe@Example.com"}}
NUMBER: Final = "1795378563000000-0"
MOST_BYTES: Final = 100_000


def body(content: Any) -> str:
    """As Celery writes it."""
    return base64.b64encode(json.dumps(content).encode()).decode()


def envelope(**changes: Any) -> dict[str, Any]:
    """A good message, changed; `None` takes a key out."""
    good = {
        "body": body([[EVENT], {}, {}]),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"task": "tiktok_events.track", "id": "task-1"},
        "properties": {"delivery_tag": "tag-1", "body_encoding": "base64"},
    }
    return {key: value for key, value in (good | changes).items() if value is not None}


def read_document(document: Any) -> Carried:
    """Read a message that is JSON."""
    return read(json.dumps(document).encode(), NUMBER, MOST_BYTES)


PACKED: Final = base64.b64encode(zlib.compress(json.dumps([[EVENT], {}, {}]).encode())).decode()
TRACK: Final = {"task": "tiktok_events.track"}

READABLE: Final = {
    "as Celery writes it": envelope(),
    "no properties": envelope(properties=None),
    "properties that are none": envelope(properties=7),
    "no headers": envelope(headers=None),
    "headers that are none": envelope(headers=[]),
    "no content type": envelope(**{"content-type": None}),
    "another content type": envelope(**{"content-type": "text/plain"}),
    "a list as id": envelope(headers=TRACK | {"id": ["a"]}),
    "expired": envelope(headers=TRACK | {"expires": "2020-01-01T00:00:00+00:00"}),
    "an absurd date": envelope(headers=TRACK | {"expires": [], "eta": {}}),
    "by its name": envelope(body=body([[], {"event": EVENT}, {}])),
    "two parts": envelope(body=body([[EVENT], {}])),
    "the event in place of the arguments": envelope(body=body([EVENT])),
    "the event in place of the body": envelope(body=body(EVENT)),
    "a body without base64": envelope(body=json.dumps([[EVENT], {}, {}])),
    "a body that is no text": envelope(body=[[EVENT], {}, {}]),
    "packed by Celery": envelope(
        body=PACKED, headers=TRACK | {"compression": "application/x-gzip"}
    ),
    "of Celery's first protocol": {"task": "tiktok_events.track", "id": "1", "args": [EVENT]},
    "the event alone": EVENT,
    "the body alone": [[EVENT], {}, {}],
}


@pytest.mark.parametrize("document", READABLE.values(), ids=READABLE.keys())
def test_an_event_is_found(document: Any) -> None:
    """What it is meant to be is beyond doubt."""
    assert read_document(document).event == EVENT


UNREADABLE: Final = {
    "no body": (envelope(body=None), "it has no body"),
    "an empty body": (envelope(body=""), "it has no body"),
    "a number as body": (envelope(body=7), "it has no body"),
    "bad base64": (envelope(body="W1t7*"), "its body is no base64"),
    "text in base64": (envelope(body="Sm8uRG9l"), "its body is no JSON: unexpected character"),
    "an empty object as body": (envelope(body=body({})), "its body is no list of arguments"),
    "a list of texts": (envelope(body=body(["a", "b"])), "its body is no list of arguments"),
    "a list as task": (envelope(headers={"task": ["a"]}), "its task is no text"),
    "a misspelt task": (
        envelope(headers={"task": "tiktok_events.trak"}),
        "it is for the task tiktok_events.trak, not tiktok_events.track",
    ),
    "deeply nested": (
        envelope(body="[[" + '{"event":' * 480 + "1" + "}" * 480 + "],{},{}]"),
        f"its event is nested more than {MOST_LEVELS} levels deep",
    ),
    "packed badly": (
        envelope(headers=TRACK | {"compression": "gzip"}),
        "its body cannot be expanded",
    ),
    "packed too well": (
        envelope(
            body=base64.b64encode(zlib.compress(b" " * 10 * MOST_BYTES)).decode(),
            headers=TRACK | {"compression": "gzip"},
        ),
        "its body has more than 100,000 bytes when expanded",
    ),
}


@pytest.mark.parametrize(("document", "problem"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_is_wrong_is_said(document: Any, problem: str) -> None:
    """In words that quote no value."""
    with pytest.raises(Unreadable) as caught:
        read_document(document)
    assert problem in str(caught.value)
    assert "Doe" not in str(caught.value)


@pytest.mark.parametrize("message", [b"", b"Jo Doe", b"\xff\xfe", b'{"body": "', b"[" * 2_000])
def test_what_is_no_json_is_unreadable(message: bytes) -> None:
    """It may have been cut."""
    with pytest.raises(Unreadable, match="it is no JSON"):
        read(message, NUMBER, MOST_BYTES)


FOREIGN: Final = {
    "null": (None, "scalar"),
    "a number": (7, "scalar"),
    "a text": ("Jo Doe", "scalar"),
    "an empty object": ({}, "empty"),
    "another task": (envelope(headers={"task": "mail.send"}, body=body([[7], {}, {}])), "task"),
    "another task's junk": (envelope(headers={"task": "mail.send"}, body="W1t7*"), "task"),
    "of the first protocol": ({"task": "mail.send", "args": [7], "kwargs": {}}, "task"),
}


@pytest.mark.parametrize(("document", "kind"), FOREIGN.values(), ids=FOREIGN.keys())
def test_what_holds_no_event_is_foreign(document: Any, kind: str) -> None:
    """By one of a few kinds."""
    with pytest.raises(Foreign) as caught:
        read_document(document)
    assert str(caught.value) == kind


@pytest.mark.parametrize("content", [[[], {}, {}], [[EVENT, 1], {}, {}], [[EVENT], {"a": 1}, {}]])
def test_other_arguments_are_refused(content: Any) -> None:
    """As Python would refuse the call."""
    with pytest.raises(InvalidEvent, match="the task takes one argument, the event"):
        read_document(envelope(body=body(content)))


def test_the_id_is_that_of_the_task() -> None:
    """As a producer may have told others."""
    assert read_document(envelope()).event_id == "task-1"


@pytest.mark.parametrize("id_", [None, [], 7, "", "x" * 201])
def test_without_one_the_id_is_that_of_the_message(id_: Any) -> None:
    """The same at each reading, and another for each message."""
    message = json.dumps(envelope(headers=TRACK | {"id": id_})).encode()
    first, again, other = (
        read(message, number, MOST_BYTES).event_id for number in ("1-0", "1-0", "1-1")
    )
    assert first == again
    assert first != other


def test_an_event_may_have_an_id_of_another_meaning() -> None:
    """Two events that share it are two."""
    message = json.dumps(EVENT | {"id": "shop-7"}).encode()
    assert read(message, "1-0", MOST_BYTES).event_id != read(message, "1-1", MOST_BYTES).event_id
