"""Paths into an event: where they lead, what a value means there, what is like a wrong one."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.paths import ABSENT, EventPath, PathError

EVENT: dict[str, Any] = {
    "event": "Purchase",
    "properties": {"value": 1, "contents": [{"price": 1}, {"price": 2, "brand": "b"}]},
}


def refusal(text: str) -> str:
    """What is said about a path that nobody knows."""
    with pytest.raises(PathError) as error:
        EventPath.parse(text)
    return str(error.value)


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("properties.order_id", "17", "17"),
        ("properties.order_id", '"17"', "17"),
        ("properties.order_id", "true", "true"),
        ("properties.value", "59.98", 59.98),
        ("properties.value", "true", "true"),
        ("properties.value", "1e400", "1e400"),
        ("properties.num_items", "2", 2),
        ("properties.currency", "EUR", "EUR"),
        ("properties.contents[].price", "9", 9),
        ("properties.content_ids", '["A"]', ["A"]),
        ("properties.content_ids", "A", "A"),
        ("properties.contents", '[{"price": 1}]', [{"price": 1}]),
        ("properties.contents.0", '{"price": 1}', {"price": 1}),
        ("limited_data_use", "true", True),
        ("limited_data_use", "1", "1"),
        ("event_time", "1767225600", 1767225600),
        ("event_id", "1767225600", "1767225600"),
        ("event_source_id", "7400000000000000001", "7400000000000000001"),
        ("user.email", '["a@b.example", "c@d.example"]', ["a@b.example", "c@d.example"]),
        ("user.phone", "491701234567", "491701234567"),
        ("user.email.0", "a@b.example", "a@b.example"),
        ("properties.description", "a = b", "a = b"),
    ],
)
def test_a_value_means_what_its_place_wants(path: str, text: str, expected: Any) -> None:
    """JSON of the kind the schema has there, else the text itself."""
    value = EventPath.parse(path).read(text)
    assert (type(expected), expected) == (type(value), value)


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("currency", "did you mean properties.currency?"),
        ("properties.curency", "did you mean properties.currency?"),
        ("propertys.value", "did you mean properties.value"),
        ("properties.price", "did you mean properties.contents[].price?"),
        ("user.e_mail", "did you mean user.email?"),
    ],
)
def test_a_wrong_path_is_told_what_is_like_it(path: str, near: str) -> None:
    """The names that were likely meant."""
    assert near in refusal(path)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("properties.contents.price", "properties.contents[].price means each of its items"),
        ("properties.value.x", "properties.value: is a single value"),
        ("event.0", "event: is a single value"),
        ("properties..value", "names with dots between them"),
        ("", "names with dots between them"),
        ("zzzz", "is not a documented key. A key of your own needs a patch."),
    ],
)
def test_a_path_that_leads_nowhere_says_why(path: str, words: str) -> None:
    """A list, a single value, no name, or no key that is known."""
    assert words in refusal(path)


def test_a_key_that_may_be_a_person_is_not_repeated() -> None:
    """No error shows what could be an address or a number."""
    assert "jo@example" not in refusal("user.jo@example.com")
    assert "4915112345678" not in refusal("user.4915112345678")


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("properties.value", 2, {"value": 2, "contents": EVENT["properties"]["contents"]}),
        ("properties.contents[].price", 9, [{"price": 9}, {"price": 9, "brand": "b"}]),
        ("properties.contents.1.price", 9, [{"price": 1}, {"price": 9, "brand": "b"}]),
        ("properties.contents[].brand", ABSENT, [{"price": 1}, {"price": 2}]),
        ("properties.contents.0", ABSENT, [{"price": 2, "brand": "b"}]),
    ],
)
def test_a_value_is_put_where_the_path_leads(path: str, value: Any, expected: Any) -> None:
    """One item, every item, or away; what is beside it stays."""
    properties = EventPath.parse(path).put(EVENT, value)["properties"]
    changed = properties if isinstance(expected, dict) else properties["contents"]
    assert expected == changed


def test_objects_on_the_way_are_made() -> None:
    """A first value needs no object around it beforehand."""
    assert EventPath.parse("page.url").put({}, "x") == {"page": {"url": "x"}}


def test_taking_away_what_is_not_there_changes_nothing() -> None:
    """Nor does it make objects on the way."""
    assert EventPath.parse("page.url").put(EVENT, ABSENT) == EVENT
    assert EventPath.parse_any("properties.our_own").put(EVENT, ABSENT) == EVENT


@pytest.mark.parametrize(
    ("path", "event", "words"),
    [
        ("properties.contents.7.price", EVENT, "properties.contents.7: the list has 2 items"),
        ("properties.contents[].price", {}, "properties.contents: is not there"),
        ("properties.contents.0", {"properties": {"contents": "A"}}, "contents: is no list"),
        ("properties.value", {"properties": 5}, "properties: is a single value"),
        ("properties.value", {"properties": [1]}, "properties[].value means each of its items"),
    ],
)
def test_an_event_without_the_place_is_refused(path: str, event: Any, words: str) -> None:
    """No item is made, and nothing that is no list or object is replaced."""
    with pytest.raises(PathError) as error:
        EventPath.parse(path).put(event, 1)
    assert words in str(error.value)
