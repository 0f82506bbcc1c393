"""Rules of a whole event: what is absent, what belongs together, whose event it is."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from schemas import Checked, Finding, check_event
from schemas.digests import NOT_HASHED
from schemas.event import EVENT_ID_NEEDED
from schemas.event_time import NOT_SECONDS
from schemas.fields import NOT_A_STRING, WAS_NUMBER
from schemas.figures import NOT_A_NUMBER, NOT_WHOLE
from schemas.lists import NULL_ITEM
from schemas.objects import NOT_AN_OBJECT
from schemas.rules import (
    CURRENCY_WITHOUT_VALUE,
    NO_MATCH_KEY,
    NO_OFFLINE_KEY,
    VALUE_WITHOUT_CURRENCY,
)
from schemas.wanted import LEAD_ID_WANTED, LEAD_WANTED, PAGE_WANTED, URL_WANTED
from tests.builders.checked_events import (
    ABSENT,
    DIGEST,
    WEB,
    at,
    errors_of,
    minimal,
    warnings_of,
    web_with,
)


@pytest.mark.parametrize(
    "path",
    [
        "user",
        "user.email",
        "properties",
        "properties.value",
        "page.referrer",
        "ad",
        "properties.gift",
    ],
)
def test_null_counts_as_absent(path: str) -> None:
    """A null key is left out, of whatever object we know."""
    checked = check_event(web_with(path, None), "web")
    assert (checked.valid, at(checked.event, path)) == (True, None)
    assert path.rsplit(".", maxsplit=1)[-1] not in str(checked.event.keys())


def test_a_null_item_is_left_out_of_a_list() -> None:
    """A null among content ids is dropped with a warning at its position."""
    checked = check_event(web_with("properties.content_ids", [None, "a"]), "web")
    assert checked.event["properties"]["content_ids"] == ["a"]
    assert (Finding("properties.content_ids.0", NULL_ITEM),) == checked.warnings


def test_the_empty_referrer_of_a_direct_visit_is_left_out_silently() -> None:
    """Browsers report no referrer as an empty string; nobody made a mistake."""
    checked = check_event(web_with("page.referrer", ""), "web")
    assert ({"url": WEB["page"]["url"]}, ()) == (checked.event["page"], checked.warnings)


def test_each_raw_match_key_of_an_array_is_named() -> None:
    """The error stands at the position of the raw value."""
    event = web_with("user.phone", [DIGEST, "+4915112345678", None])
    expected = [("user.phone.1", NOT_HASHED), ("user.phone.2", NOT_HASHED)]
    assert expected == errors_of(check_event(event, "web", strict=True))


def test_each_item_of_a_list_is_judged() -> None:
    """The error stands at the position of the item."""
    event = web_with("properties.content_ids", ["a", {}, 5])
    checked = check_event(event, "web", strict=True)
    assert errors_of(checked) == [("properties.content_ids.1", NOT_A_STRING)]
    assert warnings_of(checked) == [("properties.content_ids.2", WAS_NUMBER)]


def test_each_end_of_a_price_range_is_judged() -> None:
    """A numeric string becomes a number; a word is an error at its end."""
    event = web_with("properties.preferred_price_range", ["1000", "dear"])
    checked = check_event(event, "web", strict=True)
    assert errors_of(checked) == [("properties.preferred_price_range.1", NOT_A_NUMBER)]


def test_all_errors_of_an_event_are_reported_at_once() -> None:
    """Whoever repairs an event sees everything that is wrong with it."""
    event = web_with(
        "properties.contents", [{"price": "x"}, {"content_id": "b"}, {"quantity": 1.5}]
    )
    event["event_time"] = "now"
    expected = [
        ("event_time", NOT_SECONDS),
        ("properties.contents.0.price", NOT_A_NUMBER),
        ("properties.contents.2.quantity", NOT_WHOLE),
    ]
    assert expected == sorted(errors_of(check_event(event, "web", strict=True)))


def test_what_passed_of_an_invalid_event_is_kept() -> None:
    """An event with an error keeps its good parts, with their corrections."""
    event = web_with("properties.value", "a lot") | {"event_id": 5}
    checked = check_event(event, "web")
    assert (checked.event["event_id"], "value" in checked.event["properties"]) == ("5", False)
    assert warnings_of(checked) == [("event_id", WAS_NUMBER)]


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        ({"currency": None}, VALUE_WITHOUT_CURRENCY),
        ({"value": None}, CURRENCY_WITHOUT_VALUE),
    ],
)
def test_value_and_currency_belong_together(change: dict[str, None], warning: Finding) -> None:
    """One without the other is a warning."""
    event = copy.deepcopy(WEB)
    event["properties"] |= change
    assert (warning,) == check_event(event, "web").warnings


@pytest.mark.parametrize(
    ("event_source", "user", "warnings"),
    [
        ("web", {}, (NO_MATCH_KEY,)),
        ("web", {"ip": "203.0.113.7"}, (NO_MATCH_KEY,)),
        ("web", {"city": "berlin"}, (NO_MATCH_KEY,)),
        ("web", {"ip": "203.0.113.7", "user_agent": "x"}, ()),
        ("web", {"ttclid": "x"}, ()),
        ("app", {"idfv": "x"}, ()),
        ("crm", {}, ()),
        ("offline", {"external_id": DIGEST}, (NO_OFFLINE_KEY,)),
        ("offline", {"phone": DIGEST}, ()),
    ],
)
def test_an_event_of_nobody_is_a_warning(
    event_source: str, user: dict[str, str], warnings: tuple[Finding, ...]
) -> None:
    """Without a key that this source can match by, one warning says so."""
    assert warnings == check_event(minimal(event_source) | {"user": user}, event_source).warnings


def test_a_refused_match_key_is_not_also_a_missing_one() -> None:
    """The warning on missing keys does not double the error on a raw one."""
    checked = check_event(minimal("web") | {"user": {"email": "raw"}}, "web")
    assert warnings_of(checked) == [("user.email", NOT_HASHED)]


@pytest.mark.parametrize(
    ("event_source", "key", "value"),
    [
        ("web", "lead", {"lead_id": "1"}),
        ("web", "app", {"app_name": "x"}),
        ("app", "page", {"referrer": "https://a.example"}),
        ("crm", "page", {"url": "https://a.example"}),
        ("offline", "limited_data_use", True),
        ("offline", "device", {"model": "x"}),
    ],
)
def test_a_key_of_another_source_passes_with_a_warning(
    event_source: str, key: str, value: Any
) -> None:
    """It is sent as it is, without what its own source would require."""
    event = minimal(event_source) | {key: value}
    message = f"is not documented for {event_source} events: it is sent as it is"
    assert Checked(event, (), (Finding(key, message),)) == check_event(event, event_source)


@pytest.mark.parametrize("event_source", ["Web", "", "pixel", None, 5, ["web"], {}])
def test_an_unknown_source_is_an_error(event_source: Any) -> None:
    """The error lists the four sources."""
    expected = [("event_source", "must be one of web, app, offline, crm")]
    assert expected == errors_of(check_event(WEB, event_source))


@pytest.mark.parametrize("event", [None, 5, 1.5, True, "event", [], [WEB], float("nan")])
def test_anything_but_an_object_is_an_error(event: Any) -> None:
    """JSON that is no object is refused as a whole."""
    assert errors_of(check_event(event, "web")) == [("", NOT_AN_OBJECT)]


@pytest.mark.parametrize(
    ("event_source", "path", "message"),
    [
        ("web", "event", "is required"),
        ("web", "event_time", "is required"),
        ("offline", "event_id", EVENT_ID_NEEDED),
        ("web", "page", PAGE_WANTED),
        ("web", "page.url", URL_WANTED),
        ("app", "app", "is required for app events, with its app_id"),
        ("app", "app.app_id", "is required"),
        ("crm", "lead", LEAD_WANTED),
        ("crm", "lead.lead_id", LEAD_ID_WANTED),
    ],
)
@pytest.mark.parametrize("nothing", [ABSENT, None])
def test_a_required_key_must_be_there(
    event_source: str, path: str, message: str, nothing: object
) -> None:
    """A required key that is missing, or null, is an error at its path."""
    event = minimal(event_source)
    *way, last = path.split(".")
    place = event[way[0]] if way else event
    place[last] = nothing
    if nothing is ABSENT:
        del place[last]
    assert [(path, message)] == errors_of(check_event(event, event_source, strict=True))


@pytest.mark.parametrize("path", ["event", "event_id", "page.url"])
def test_a_required_string_must_not_be_empty(path: str) -> None:
    """An empty string does not count as given."""
    checked = check_event(web_with(path, ""), "web", strict=True)
    assert [path] == [finding.path for finding in checked.errors]
