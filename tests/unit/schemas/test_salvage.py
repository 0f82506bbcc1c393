"""No conversion dies for a trifle: what others hand over, through the client and the check."""

from __future__ import annotations

import copy
from typing import Any, Final

import orjson
import pytest

from schemas import Checked, Kind, check_event
from tests.unit.schemas.salvage_cases import CASES, ENDED, GONE, Case
from tiktok_events.event.prepare import EventPreparer
from worker.delivery.salvaged import counted_path, counted_paths

PREPARER: Final = EventPreparer(dict.fromkeys(("web", "app", "offline", "crm"), "ID"), None, 65_536)
EVENT: Final[dict[str, Any]] = {
    "event": "Purchase",
    "event_id": "order-7",
    "user": {"email": "ann@example.com"},
    "properties": {
        "value": 5,
        "currency": "EUR",
        "contents": [{"content_id": "a", "price": 5, "quantity": 1}],
    },
}
SURROUNDINGS: Final[dict[str, dict[str, Any]]] = {
    "web": {"page": {"url": "https://shop.example/thanks"}},
    "app": {"app": {"app_id": "1234567890"}},
    "offline": {},
    "crm": {"lead": {"lead_id": "7350001112223334444"}},
}


def changed(source: str, changes: dict[str, Any]) -> dict[str, Any]:
    """Return an event of the source with these places changed."""
    event = copy.deepcopy(EVENT | SURROUNDINGS[source]) | {"event_source": source}
    for path, value in changes.items():
        *way, last = path.split(".")
        place: Any = event
        for step in way:
            place = place[int(step)] if step.isdigit() else place.setdefault(step, {})
        if value is GONE:
            place.pop(last, None)
        else:
            place[last] = value
    return event


def at(event: Any, path: str) -> Any:
    """Return the value at a path, or `GONE`."""
    for step in path.split("."):
        try:
            event = event[int(step) if isinstance(event, list) else step]
        except (KeyError, IndexError):
            return GONE
    return event


def checked(source: str, changes: dict[str, Any], *, strict: bool = False) -> Checked:
    """Prepare the event as a producer does, and check it as a worker does."""
    body = orjson.loads(PREPARER.prepare(changed(source, changes)).body)
    return check_event(body, source, strict=strict)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_conversion_is_sent(case: Case) -> None:
    """With what can be read of it, and every change is said."""
    found = checked(case.source, case.given)
    assert found.errors == ()
    assert case.sent == {path: at(found.event, path) for path in case.sent}
    assert {(one.path, one.kind.value) for one in found.warnings} >= case.said
    if not case.said:
        assert found.warnings == ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_is_left_out_of_a_strict_check(case: Case) -> None:
    """There such an event ends, at the same places."""
    lenient = checked(case.source, case.given)
    omitted = {one.path for one in lenient.warnings if one.kind is Kind.OMITTED}
    strict = checked(case.source, case.given, strict=True)
    assert omitted <= {one.path for one in strict.errors}
    assert not any(one.kind is Kind.OMITTED for one in strict.warnings)


@pytest.mark.parametrize(("name", "source", "changes", "path"), ENDED)
def test_what_makes_it_a_conversion_must_be_read(
    name: str, source: str, changes: dict[str, Any], path: str
) -> None:
    """Name, time, value, and the id of an app."""
    assert [path] == [error.path for error in checked(source, changes).errors], name


def test_a_place_is_counted_without_its_position() -> None:
    """And once an event, however many products have the fault."""
    found = checked("web", {"properties.contents": [{"price": "x"}, {"price": "y", "brand": [1]}]})
    expected = {"properties.contents.price", "properties.contents.brand"}
    assert expected == counted_paths(found.warnings)


@pytest.mark.parametrize(
    ("path", "counted"),
    [
        ("user.ip", "user.ip"),
        ("properties.contents.12", "properties.contents"),
        ("properties.contents.0.price", "properties.contents.price"),
        ("properties.session", "properties.other"),
        ("properties.contents.3.session", "properties.contents.other"),
        ("session", "other"),
        ("a.b.c", "other"),
        ("", "other"),
    ],
)
def test_a_key_that_nobody_documents_makes_no_counter(path: str, counted: str) -> None:
    """Counters are kept for ever, so their number is bounded."""
    assert counted == counted_path(path)
