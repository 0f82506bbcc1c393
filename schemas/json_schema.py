"""The event as JSON Schema, made from the marshmallow schemas.

The document describes what a producer hands over: the event with its destination beside it,
match keys raw or hashed. It describes what is sent as it is, or merely in another JSON type. What
does not fit is not always an error: `x-reading` says how the worker reads it, else it is left out,
and only a fault at one of the `x-vital` places ends an event.

Under `$defs`, `web_event`, `app_event`, `offline_event` and `crm_event`
describe what then stands in the outbox: identified, hashed, without the destination.

`make schema` writes it into the client, where `tiktok_events.validate` checks by these four.
`check_event` decides by the fields they are made of; a differential test holds both together.
"""

from __future__ import annotations

import json
import sys
from typing import Final

from schemas.catalogue import EVENT_SOURCES
from schemas.event import EVENTS
from schemas.json_schema_fields import Json
from schemas.json_schema_objects import Definitions
from tiktok_events.event.destination import MAX_ID_CHARACTERS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> Json:
    """Return the document."""
    definitions = Definitions()
    for source, schema in EVENTS.items():
        definitions.add_event(source, schema)
    return {
        "$schema": DIALECT,
        "$id": "urn:tiktok-events:event",
        "title": "Event",
        "description": "One conversion for TikTok's Events API 2.0, its destination beside it.",
        "type": "object",
        "properties": _destination(definitions.meanings["Event"]),
        "allOf": [_of_source(source) for source in EVENT_SOURCES],
        "$defs": dict(sorted(definitions.found.items())),
    }


def _destination(described: dict[str, str]) -> Json:
    a_name = {
        "type": ["string", "integer", "null"],
        "pattern": r"\S",
        "maxLength": MAX_ID_CHARACTERS,
    }
    shapes: Json = {
        "event_source": {"enum": [*EVENT_SOURCES, "", None]},
        "event_source_id": a_name,
        "test_event_code": {key: rule for key, rule in a_name.items() if key != "pattern"},
    }
    return {key: {"description": described[key], **shape} for key, shape in shapes.items()}


def _of_source(source: str) -> Json:
    """Return the rule for events of this source; an event that names none is of the web."""
    named = {"properties": {"event_source": {"const": source}}, "required": ["event_source"]}
    not_another = {"properties": {"event_source": {"enum": [source, "", None]}}}
    condition = not_another if source == "web" else named
    return {"if": condition, "then": {"$ref": f"#/$defs/raw_{source}_event"}}


def main() -> None:
    """Print the document."""
    json.dump(json_schema(), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
