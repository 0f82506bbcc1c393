"""The bodies of public connectors lose nothing on their way, and none is refused."""

from __future__ import annotations

import orjson
import pytest

from schemas import check_event
from tests.builders.connector_bodies import Body, bodies
from tiktok_events.event.prepare import EventPreparer
from tiktok_events.validation import ProblemKind, validate

BODIES = bodies()
PREPARER = EventPreparer(dict.fromkeys(("web", "app", "offline", "crm"), "ID"), "DE", 65_536)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.name)
def test_field_by_field_nothing_is_lost(body: Body) -> None:
    """From the call to the request; but for what API 2.0 has no place for."""
    prepared = PREPARER.prepare(body.event)
    checked = check_event(orjson.loads(prepared.body), prepared.destination.event_source)

    assert checked.errors == ()
    assert body.lost(checked.event) == []


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.name)
def test_validation_calls_no_body_wrong(body: Body) -> None:
    """What is mended or left out is no error."""
    found = validate(body.event)

    assert [str(one) for one in found if one.kind is ProblemKind.ERROR] == []


def test_there_are_enough_bodies() -> None:
    """Of every source, and each with a name of its own."""
    assert len({body.name for body in BODIES}) == len(BODIES) >= 80
    sources = {body.event.get("event_source", "web") for body in BODIES}
    assert sources == {"web", "app", "offline", "crm"}
