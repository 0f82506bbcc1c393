"""`tiktok-events explain` tells what becomes of each field, in words for a marketer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.builders.explained import run
from worker.letters.file import FORMAT

ODD = {
    "event": "Complete Payment",
    "event_time": 1767225600000,
    "event_id": " order-1 ",
    "user": {"ttclid": "E.C.P.made-up", "ip": "203.0.113.9:51034"},
    "page": {"url": "https://shop.example/", "referrer": "(direct)"},
    "properties": {"value": "1.299,00", "currency": "EUR", "num_items": 2.5},
}


def test_every_mend_and_omission_is_told_in_a_sentence() -> None:
    """What a producer mends, and what a worker does."""
    result = run("--json", "-", given=json.dumps(ODD))
    fields = {one["path"]: one for one in json.loads(result.stdout)["fields"]}
    assert {path: one["outcome"] for path, one in fields.items()} == {
        "event": "as it is",
        "event_time": "mended",
        "event_id": "mended",
        "user.ip": "mended",
        "page.referrer": "left out",
        "properties.value": "mended",
        "properties.num_items": "left out",
    }
    assert fields["event_time"]["reason"] == "It was in milliseconds: it is sent as seconds."
    assert fields["event"]["reason"].endswith("; was CompletePayment meant?")
    assert fields["properties.num_items"]["reason"] == (
        "The conversion is sent without this, because it must be a whole number, such as 2."
    )


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"properties": {"value": "1,299"}}, "properties.value"),
        ({"event_time": "2026-01-01 00:00:00"}, "event_time"),
        ({"event_time": 4_000_000_000}, "event_time"),
        ({"event_source": "shop"}, "event_source"),
        ({"user": "jo"}, "user"),
    ],
)
def test_what_ends_a_conversion_is_told(change: dict[str, Any], path: str) -> None:
    """Whether the call would refuse it or the worker would bury it."""
    result = run("--json", "-", given=json.dumps(ODD | change))
    fields = json.loads(result.stdout)["fields"]
    assert [path] == [one["path"] for one in fields if one["outcome"] == "not sent"]


def test_the_table_of_fields_shows_no_value() -> None:
    """Of whatever is wrong."""
    secret = "gwendolyn@example.com"
    event = {"event": secret, "page": {"url": secret}, "properties": {"value": secret, secret: 1}}
    result = run("-", given=json.dumps(event | {"user": {"ip": secret}}))
    # Once is the name of the event, in the heading.
    assert ("not sent" in result.stdout, result.stdout.count(secret)) == (True, 1)


def test_the_event_of_an_exported_letter_is_explained() -> None:
    """Not its letter, whose keys no event has."""
    letter = {"format": FORMAT, "destination": "app:7", "body": {"event": "Purchase", "app": {}}}
    explained = json.loads(run("--json", "-", given=json.dumps(letter)).stdout)
    assert explained["event"] == "Purchase"
    assert "app.app_id" in {one["path"] for one in explained["fields"]}


def test_an_event_without_a_time_is_told() -> None:
    """`send` refuses it, `track` does not."""
    explained = json.loads(run("--json", "-", given='{"event": "Lead"}').stdout)
    (missing,) = (one for one in explained["fields"] if one["path"] == "event_time")
    assert "--now" in missing["reason"]
