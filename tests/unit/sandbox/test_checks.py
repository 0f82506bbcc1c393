"""The sandbox refuses what the Events API is known to refuse, in its words."""

from __future__ import annotations

from typing import Any

import pytest

from tiktok_events_sandbox.checks import Options, Refusal, check_events
from tiktok_events_sandbox.envelope import check_envelope

HASH = "848a771458438fc2ec420560d769fb9b9b86851ee338ec56517baabd79d3bb4f"
NOT_OBJECT: Any = "Purchase"


def event(**changes: Any) -> dict[str, Any]:
    """Return an event that is accepted, with changes."""
    return {
        "event": "Purchase",
        "event_time": 1_767_225_600,
        "event_id": "ord-1",
        "user": {"email": [HASH], "phone": HASH, "ip": "203.0.113.7"},
        "properties": {"contents": [{"content_id": "sku-1", "price": 2.5}], "free": "text"},
        "page": {"url": "https://shop.example/thanks?x=1"},
        **changes,
    }


def envelope(**changes: Any) -> dict[str, Any]:
    """Return a body whose envelope is accepted, with changes."""
    top = {"event_source": "web", "event_source_id": "PIXEL1", "data": [event()]}
    return {**top, **changes}


def contents(*items: Any) -> dict[str, Any]:
    """Return properties with contents."""
    return {"contents": list(items)}


def test_a_documented_event_is_accepted() -> None:
    """An event of the documented shape has no problem."""
    assert check_events("web", [event()], Options()) is None


def test_a_documented_envelope_is_accepted() -> None:
    """An envelope of the documented shape has no problem."""
    assert check_envelope(envelope(test_event_code="TEST1", free=1)) is None


@pytest.mark.parametrize("source", ["web", "app", "offline", "crm"])
def test_the_four_event_sources_are_accepted(source: str) -> None:
    """Each of the four sources may stand on the top level."""
    assert check_envelope(envelope(event_source=source)) is None


@pytest.mark.parametrize("source", [None, "", "Web", "email", 7, ["web"], {}])
def test_another_event_source_is_refused_in_the_services_words(source: object) -> None:
    """The literal answer to a wrong source is given, whatever type it has."""
    expected = Refusal(40002, "Invalid value for event_source: must be web, app or offline.")
    assert expected == check_envelope(envelope(event_source=source))


@pytest.mark.parametrize("source_id", [None, "", 123, ["PIXEL1"]])
def test_a_source_id_that_is_no_string_is_refused_in_the_services_words(source_id: object) -> None:
    """The literal answer to a wrong source id is given."""
    expected = Refusal(40002, "Invalid value for event_source_id: not a valid string.")
    assert expected == check_envelope(envelope(event_source_id=source_id))


@pytest.mark.parametrize(
    ("data", "code"), [(None, 40002), ({}, 40002), ([], 40002), ([{}] * 1001, 40061)]
)
def test_a_batch_holds_one_to_a_thousand_events(data: object, code: int) -> None:
    """No list, an empty one and one of more than 1000 are refused."""
    refusal = check_envelope(envelope(data=data))
    assert refusal is not None
    assert code == refusal.code


def test_a_thousand_events_are_allowed() -> None:
    """The documented limit itself is allowed."""
    assert check_envelope(envelope(data=[event()] * 1000)) is None


@pytest.mark.parametrize("body", [None, [], "text", 7])
def test_a_body_that_is_no_object_is_refused(body: object) -> None:
    """Only a JSON object is a body; what could not be parsed is none."""
    expected = Refusal(40002, "Invalid value for body: not a valid object.")
    assert expected == check_envelope(body)


BAD_EVENTS = [
    pytest.param(NOT_OBJECT, "", 40002, id="not an object"),
    pytest.param(event(event=7), "event", 40002, id="event is a number"),
    pytest.param(event(event=""), "event", 40002, id="event is empty"),
    pytest.param(event(event_time="1767225600"), "event_time", 40002, id="time is a string"),
    pytest.param(event(event_time=1767225600.5), "event_time", 40002, id="time is a float"),
    pytest.param(event(event_time=True), "event_time", 40002, id="time is a boolean"),
    pytest.param(event(event_time=1767225600000), "event_time", 40002, id="milliseconds"),
    pytest.param(event(event_time=0), "event_time", 40002, id="time is zero"),
    pytest.param(event(event_id=1001), "event_id", 40002, id="id is a number"),
    pytest.param(event(user=[]), "user", 40002, id="user is a list"),
    pytest.param(event(user={"email": "a@b.example"}), "user.email", 40062, id="raw e-mail"),
    pytest.param(event(user={"email": [HASH, "x"]}), "user.email.1", 40062, id="second is raw"),
    pytest.param(event(user={"phone": "+12133734253"}), "user.phone", 40062, id="raw phone"),
    pytest.param(event(user={"external_id": ""}), "user.external_id", 40062, id="empty key"),
    pytest.param(event(user={"external_id": 7}), "user.external_id", 40002, id="key is a number"),
    pytest.param(event(user={"first_name": "jane"}), "user.first_name", 40062, id="raw name"),
    pytest.param(event(user={"last_name": "doe"}), "user.last_name", 40062, id="raw surname"),
    pytest.param(event(user={"zip_code": "95110"}), "user.zip_code", 40062, id="raw zip"),
    pytest.param(event(user={"phone": HASH + "\n"}), "user.phone", 40062, id="newline behind"),
    pytest.param(event(user={"ip": None}), "user.ip", 40002, id="null"),
    pytest.param(event(properties=[]), "properties", 40002, id="properties is a list"),
    pytest.param(
        event(properties={"contents": {}}), "properties.contents", 40002, id="contents is no list"
    ),
    pytest.param(
        event(properties=contents(7)), "properties.contents.0", 40002, id="content is a number"
    ),
    pytest.param(
        event(properties=contents({}, {"content_id": 7})),
        "properties.contents.1.content_id",
        40002,
        id="content id is a number",
    ),
    pytest.param(event(page={}), "page.url", 40002, id="no url"),
    pytest.param(event(page={"url": 7}), "page.url", 40002, id="url is a number"),
]


@pytest.mark.parametrize(("bad", "path", "code"), BAD_EVENTS)
def test_one_bad_event_refuses_the_batch_at_its_path(bad: object, path: str, code: int) -> None:
    """The answer has the code of the problem, and the index and path when asked for."""
    refusal = check_events("web", [event(), bad], Options(with_index=True, strict=True))
    assert refusal is not None
    assert (code, f"Batch.1.{path}".rstrip(".")) == (
        refusal.code,
        refusal.message.partition(":")[0],
    )


def test_a_message_with_the_index_has_the_form_of_the_known_answer() -> None:
    """The literal answer of the batch endpoint is met word by word."""
    bad = event(properties=contents({"content_id": 7}))
    expected = Refusal(40002, "Batch.0.properties.contents.0.content_id: Not a valid string")
    assert expected == check_events("web", [bad], Options(with_index=True))


def test_a_message_without_the_index_has_the_form_of_the_known_answer() -> None:
    """The literal answer of 2.0 to a numeric event id is met word by word."""
    expected = Refusal(40002, "Invalid value for event_id: not a valid string.")
    assert expected == check_events("web", [event(event_id=7)], Options())


def test_a_message_without_the_index_holds_no_other_number() -> None:
    """The position of a content cannot be taken for the index of an event."""
    bad = event(properties=contents({}, {}, {"content_id": 7}))
    expected = Refusal(
        40002, "Invalid value for properties.contents.content_id: not a valid string."
    )
    assert expected == check_events("web", [event(), bad], Options())


def test_no_message_repeats_a_value() -> None:
    """A raw e-mail is refused without being shown."""
    refusal = check_events("web", [event(user={"email": "jane@shop.example"})], Options())
    assert refusal is not None
    assert "jane" not in repr(refusal)


@pytest.mark.parametrize(
    ("source", "group"),
    [("app", {"app": {"app_id": "7"}}), ("crm", {"lead": {"lead_id": "7"}}), ("offline", {})],
)
def test_each_source_has_its_required_group(source: str, group: dict[str, Any]) -> None:
    """App and CRM events pass with their group; offline events need none."""
    assert check_events(source, [{**event(), **group}], Options()) is None


@pytest.mark.parametrize("source", ["web", "app", "crm"])
def test_a_required_group_is_enforced_only_when_strict(source: str) -> None:
    """Without its group an event is refused, unless the sandbox is lenient."""
    bare = {"event": "Purchase", "event_time": 1_767_225_600}
    results = [check_events(source, [bare], Options(strict=strict)) for strict in (True, False)]
    assert [result is not None for result in results] == [True, False]


def test_upper_case_digests_are_hashed() -> None:
    """A digest in upper case is taken as hashed."""
    assert check_events("web", [event(user={"email": HASH.upper()})], Options()) is None


def test_a_null_is_refused_only_when_strict() -> None:
    """What the service does with it is unknown."""
    assert check_events("web", [event(user={"ip": None})], Options()) is None


def test_a_deeply_nested_null_is_found() -> None:
    """The walk is not bounded by the depth of the stack."""
    nested: Any = None
    for _ in range(5000):
        nested = [nested]
    refusal = check_events("web", [event(properties={"deep": nested})], Options(strict=True))
    assert refusal is not None
    assert refusal.code == 40002
