"""The JSON Schema says of an event what the worker says; the client's `validate` asks it."""

from __future__ import annotations

import json
from typing import Any, Final

import orjson
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from schemas import Kind, check_event
from schemas.event import EVENTS
from schemas.json_schema import json_schema
from tests.differential.changes import DIGEST, FULL, MISSING, Path, changed, places
from tiktok_events import InvalidEvent, ProblemKind, validate
from tiktok_events.event.prepare import EventPreparer
from tiktok_events.event.remarks import REMARKS
from tiktok_events.event.schema import schema_text, validator_of
from tiktok_events.event.times import read_time
from tiktok_events.validation import MOST_PROBLEMS, problems_of

SENT: Final = FULL | {
    "user": FULL["user"] | {"phone": DIGEST.upper()},
    "properties": FULL["properties"]
    | {"fuel_type": "Diesel", "own": {"list": [1, {"deep": None}]}},
}
DOCUMENT: Final = json_schema()
PREPARER: Final = EventPreparer(dict.fromkeys(EVENTS, "id"), None, 65_536)
PLAIN: Final = Draft202012Validator(DOCUMENT)
DEEP: Final = json.loads('{"k":' * 9 + "1" + "}" * 9)
VALUES = st.one_of(
    st.sampled_from(
        (
            *(MISSING, None, "", "x", [], {}, 0, 1, 2, -1, 1.0, 1.5, 2.0, True, False),
            *(DIGEST, DIGEST + "\n", [DIGEST], [DIGEST] * 101, [DIGEST, 5], [None], [""], [[]]),
            *(1767225600, 1767225600.5, 1767225600000, "1767225600", "0946684800", "946684799"),
            *("4102444799", "4102444800", "1767225600\n", "2026-01-01T00:00:00Z"),
            *("Lead", "add_to_cart", "1st", "Checkout", "PageView", "Lead\n", "x" * 50, "x" * 51),
            *("eur", "XXX", "EURO", "EUR\n", "Product", "PRODUCT_GROUP", "Km", "true", "FALSE"),
            *("2.5", "2.0", "-3", "59,98", "1e3", "1" * 16, 10**15, 10**15 + 1, 2**53, 2.0**53),
            *("203.0.113.9", "10.0.0.1", "::1", "256.1.1.1", "01.2.3.4", "fe80::1%eth0", "1.2.3"),
            *("https://a.example/", "HTTP://a", "http://", "https:///x", "app://open", "/thanks"),
            *("é" * 256, "é" * 257, "x" * 512, "x" * 513, "x" * 5_001, "x" * 20_000),
            *({"price": "1"}, {"price": "x"}, [{"price": []}], {"unit": "km"}, {"content_id": 5}),
            *([1, None], [1, ""], [1, 2, 3], ["1", "2"], ["x", 2], DEEP, [DEEP], {"k" * 257: 1}),
            *(dict.fromkeys(map(str, range(501))), [1] * 1_001, ["a"] * 1_000, [{}] * 1_001),
        )
    ),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
KEYS: Final = ("ttp", "url", "price", "unit", "quantity", "city", "colour", "k@y", "k" * 257)


CHANGES = st.lists(st.tuples(st.sampled_from(list(places(SENT, KEYS))), VALUES), max_size=4)
SOURCES = st.sampled_from(sorted(EVENTS))


def stored(changes: list[tuple[Path, Any]]) -> dict[str, Any]:
    """The changed event, as the worker reads it."""
    decoded: dict[str, Any] = orjson.loads(orjson.dumps(changed(SENT, changes)))
    return decoded


def paths_of_worker(event: Any, event_source: str) -> list[str]:
    """Where the worker finds errors, in its order."""
    return [error.path for error in check_event(event, event_source, strict=True).errors]


def paths_of_schema(event: Any, event_source: str) -> list[str]:
    """Where the client's validator finds errors, in its order."""
    return [problem.path for problem in problems_of(event, validator_of(event_source))]


def test_the_client_ships_what_the_schemas_say() -> None:
    """`make schema` writes it again after a change."""
    assert json_schema() == json.loads(schema_text())


def test_it_is_a_json_schema() -> None:
    """Of the dialect that it names."""
    Draft202012Validator.check_schema(json_schema())


@settings(max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
@given(CHANGES, SOURCES)
@example([(("event_time",), "1767225600\n")], "app")
@example([(("event_time",), " 1767225600.0")], "web")
def test_both_find_the_same_errors_at_the_same_places(
    changes: list[Any], event_source: str
) -> None:
    """All of them, in the same order, for any JSON event in the outbox."""
    event = stored(changes)
    assert paths_of_worker(event, event_source) == paths_of_schema(event, event_source)


@settings(max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
@given(CHANGES, SOURCES)
@example([(("event_time",), 1767225600000)], "web")
@example([(("event_time",), "2026-01-01T00:00:00Z")], "app")
def test_both_tell_errors_from_what_is_left_out(changes: list[Any], event_source: str) -> None:
    """With the same places and sentences, where a sentence is not the JSON Schema's own."""
    event = stored(changes)
    checked = check_event(event, event_source)
    problems = problems_of(event, validator_of(event_source))
    assume(len(problems) < MOST_PROBLEMS)
    ended = [problem.path for problem in problems if problem.kind is ProblemKind.ERROR]
    assert ended == [error.path for error in checked.errors]
    omitted = {one.path for one in checked.warnings if one.kind is Kind.OMITTED}
    assert omitted == {one.path for one in problems if one.kind is ProblemKind.OMITTED}
    mended = {(one.path, one.message) for one in checked.warnings}
    said = {(one.path, one.message) for one in problems if one.kind is ProblemKind.MENDED}
    assert said <= mended


def refusal_of(event: Any) -> InvalidEvent | None:
    """Why the client would refuse the event at the call."""
    try:
        PREPARER.prepare(event)
    except InvalidEvent as error:
        return error
    return None


def mended_at_the_call(event: dict[str, Any]) -> list[str]:
    """What the client reads before the worker sees it."""
    event_id = event.get("event_id")
    is_padded = isinstance(event_id, str) and event_id.strip() != event_id
    return ["event_time"] * bool(read_time(event.get("event_time"))) + ["event_id"] * is_padded


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(CHANGES, SOURCES)
def test_validate_says_what_the_client_and_the_worker_would(
    changes: list[Any], event_source: str
) -> None:
    """Of an event as application code hands it over, its match keys raw."""
    event = {**stored(changes), "event_source": event_source}
    refusal = refusal_of(event)
    if refusal is not None:
        expected = [refusal.path]
    else:
        kept = orjson.loads(PREPARER.prepare(event).body)
        remarked = kept.pop(REMARKS, {})
        expected = [
            *mended_at_the_call(event),
            *remarked,
            *paths_of_worker(kept, event_source),
        ]
    assert expected == [problem.path for problem in validate(event)]


def plain_validator(event_source: str, *, formats: bool) -> Draft202012Validator:
    """A validator that knows nothing of this project, for events in the outbox."""
    schema = {"$defs": DOCUMENT["$defs"], "$ref": f"#/$defs/{event_source}_event"}
    checker = Draft202012Validator.FORMAT_CHECKER if formats else None
    return Draft202012Validator(schema, format_checker=checker)


def is_odd(value: Any) -> bool:
    """Whether other validators may differ here; see `LISTED`. Python's take a last newline."""
    if isinstance(value, dict):
        return any(len(key) > 256 or is_odd(inner) for key, inner in value.items())
    if isinstance(value, list):
        return any(map(is_odd, value))
    if isinstance(value, float):
        return abs(value) >= 2**53
    return isinstance(value, str) and value.endswith("\n")


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(CHANGES, SOURCES)
def test_any_validator_says_whether_an_event_can_be_sent(
    changes: list[Any], event_source: str
) -> None:
    """The document needs nothing of ours to be understood, but for the listed oddities."""
    event = stored(changes)
    plain = plain_validator(event_source, formats=True)
    agree = check_event(event, event_source, strict=True).valid == plain.is_valid(event)
    assert agree or is_odd(event)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(CHANGES, SOURCES)
@example([(("user", "ttclid"), [])], "app")
@example([(("user", "ttclid"), ["E.C.P.one"])], "web")
@example([(("event_time",), "")], "app")
def test_the_document_raises_no_false_alarm(changes: list[Any], event_source: str) -> None:
    """What it refuses of a raw event, the client or the worker would refuse too."""
    event = {**stored(changes), "event_source": event_source}
    assert PLAIN.is_valid(event) or validate(event) != [] or is_odd(event)


@pytest.mark.parametrize("event_source", sorted(EVENTS))
def test_the_document_takes_what_a_producer_may_leave_out(event_source: str) -> None:
    """The id, the time, and hashing; and it knows the source by its name."""
    event = {key: SENT[key] for key in SENT if key not in {"event_id", "event_time"}}
    event |= {"event_source": event_source, "user": {"email": "jo@example.com", "phone": 4930123}}
    assert PLAIN.is_valid(event)
    assert not PLAIN.is_valid({"event_source": event_source})


KELVIN: Final = "\N{KELVIN SIGN}m"
LISTED: Final = [
    pytest.param("properties.mileage.unit", KELVIN, True, False, False, id="folds to k"),
    pytest.param("page.url", "http\u017f://a", True, False, False, id="folds to s"),
    pytest.param("properties.num_items", "123456789012345.0001", True, False, False, id="rounded"),
    pytest.param("event_id", 2.0**53, False, False, True, id="inexact float"),
    pytest.param("user.ip", "256.1.1.1", False, False, True, id="formats are not asserted"),
    pytest.param("properties." + "k" * 257, None, True, True, False, id="long key of nothing"),
]
"""Where the three differ: the worker, `validate`, and any other validator of the document."""


@pytest.mark.parametrize(("path", "value", "worker", "client", "others"), LISTED)
def test_the_differences_are_these(
    path: str, value: Any, *, worker: bool, client: bool, others: bool
) -> None:
    """Each one is known; a new one fails the tests above."""
    event = stored([(tuple(path.split(".")), value)])
    plain = plain_validator("web", formats=False)
    assert (worker, client, others) == (
        check_event(event, "web", strict=True).valid,
        paths_of_schema(event, "web") == [],
        plain.is_valid(event),
    )
