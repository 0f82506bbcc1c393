"""The message that the documentation shows is the one that Celery writes and its workers read."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
from celery import Celery
from jsonschema import Draft202012Validator
from redis import Redis

from tests.builders.stores import broker_keys
from tiktok_events import validate
from tiktok_events.event.destination import EVENT_SOURCES
from tiktok_events.event.schema import schema_text

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = (ROOT / "docs/how-to/other-languages.md").read_text()
BLOCKS: Final = dict(re.findall(r"^```json (\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
NODE: Final = shutil.which("node")
NEW_EACH_TIME: Final = {
    "headers": {"id", "root_id", "origin"},
    "properties": {"correlation_id", "reply_to", "delivery_tag"},
}
"""What no two messages share."""


def document(name: str) -> Any:
    """A message of the page, decoded."""
    return json.loads(BLOCKS[name])


def lasting(message: Any) -> Any:
    """What two messages share when they carry the same event."""
    shared = {key: value for key, value in message.items() if key not in NEW_EACH_TIME}
    for part, new in NEW_EACH_TIME.items():
        shared[part] = {key: value for key, value in message[part].items() if key not in new}
    return shared


def event_of(message: Any) -> Any:
    """The event that a message carries."""
    [[event], named, _] = json.loads(base64.b64decode(message["body"]))
    assert named == {}
    return event


@pytest.fixture
def sent(redis: Redis, redis_url: str) -> Any:
    """The message that Celery writes for the event of the page."""
    with Celery("shop", broker=redis_url, set_as_current=False) as app:
        app.conf.broker_transport_options = {"global_keyprefix": broker_keys.prefix}
        event = event_of(document("celery"))
        app.send_task("tiktok_events.track", [event], queue=broker_keys.queue, ignore_result=True)
    [message] = redis.lrange(broker_keys.prefix + broker_keys.queue, 0, -1)
    return json.loads(message)


def test_celery_writes_what_the_page_says(sent: Any) -> None:
    """Key by key; what is new in each message is there too."""
    shown = document("celery")
    assert lasting(sent) == lasting(shown)
    assert {part: sent[part].keys() for part in NEW_EACH_TIME} == {
        part: shown[part].keys() for part in NEW_EACH_TIME
    }


def test_the_short_message_is_a_part_of_it(sent: Any) -> None:
    """It leaves out what a worker does not miss, and changes nothing but the language."""
    short = lasting(document("message"))
    assert event_of(sent) == event_of(short)
    assert short["headers"].pop("lang") == "js"
    for part in ("headers", "properties"):
        assert short[part] == {key: sent[part][key] for key in short[part]}
    assert (short["content-type"], short["content-encoding"]) == (
        sent["content-type"],
        sent["content-encoding"],
    )


def test_the_body_is_the_base64_of_what_is_shown() -> None:
    """Byte by byte."""
    shown = BLOCKS["body"].removesuffix("\n").encode()
    assert shown == base64.b64decode(document("message")["body"])


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_the_example_writes_the_short_message() -> None:
    """So that its delivery, tested end to end, is that of the message shown."""
    event = event_of(document("message"))
    program = f"import {{ message }} from './track.mjs'; console.log(message({json.dumps(event)}))"
    written = subprocess.run(
        [str(NODE), "--input-type=module", "--eval", program],
        cwd=ROOT / "examples/node",
        capture_output=True,
        check=True,
    )
    message = json.loads(written.stdout)
    assert event_of(message) == event
    assert without_body(lasting(message)) == without_body(lasting(document("message")))


def without_body(message: Any) -> Any:
    """White space in it is free."""
    return {key: value for key, value in message.items() if key != "body"}


def test_the_event_shown_can_be_sent() -> None:
    """By every source of truth there is."""
    event = event_of(document("message"))
    assert validate(event) == []
    assert Draft202012Validator(json.loads(schema_text())).is_valid(event)


def test_the_page_names_the_list_and_the_definitions() -> None:
    """As the code spells them."""
    assert f"`{broker_keys.prefix}{broker_keys.queue}`" in PAGE
    named = set(re.findall(r"`(?:#/\$defs/)?(\w+_event)`", PAGE))
    assert named == {f"{source}_event" for source in EVENT_SOURCES}
    assert named <= json.loads(schema_text())["$defs"].keys()
