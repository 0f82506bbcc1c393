"""`validate` speaks as the worker does, shows no value, and says what it needs."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, Final

import pytest

from tiktok_events import MissingExtra, Problem, ProblemKind, validate

NOW_MS: Final = 1_767_225_600_000
SECRET: Final = "jane.roe@shop.example"
PURCHASE: Final[dict[str, Any]] = {
    "event": "Purchase",
    "user": {"email": SECRET},
    "properties": {"value": 59.98, "currency": "EUR", "contents": [{"content_id": "sku-1"}]},
    "page": {"url": "https://shop.example/thanks"},
}


def test_an_event_that_can_be_sent_has_no_problem() -> None:
    """Raw match keys, no id, no time and no destination: all of it is the client's part."""
    assert validate(PURCHASE) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"event": None}, "event: is required"),
        ({"event": "1st"}, "event: is no name as TikTok's rules want it: it is sent as"),
        ({"page": None}, "page: is missing: TikTok asks for the page of"),
        ({"page": {}}, "page.url: is missing: TikTok asks for"),
        ({"page": {"url": "/x"}}, "page.url: must be a full http or https URL"),
        ({"properties": 5}, "properties: must be a JSON object"),
        ({"properties": {"contents": {"price": "x"}}}, "properties.contents.0.price: must be a nu"),
        ({"properties": {"order_id": "x" * 513}}, "properties.order_id: must be at most 512 cha"),
        ({"properties": {"contents": [{}] * 1_001}}, "properties.contents: must have at most 1000"),
        (
            {"properties": {"+4930123": [[[[[[[[[1]]]]]]]]]}},
            "properties.<key>: is a custom key, which",
        ),
        ({"device": dict.fromkeys(map(str, range(501)))}, "device: must have at most 500 keys"),
        ({"user": "jo"}, "user: must be a dict, not str"),
        ({"event_source": "shop"}, "event_source: must be one of app, crm, offline, web"),
        ({"event_source_id": ""}, "event_source_id: must be a non-empty string"),
        ({"own": "x" * 70_000}, "70,"),
    ],
)
def test_a_problem_is_a_place_and_what_is_allowed(changes: dict[str, Any], problem: str) -> None:
    """In the words of the client for what it refuses, else in those of the worker."""
    [found] = validate({**PURCHASE, **changes})
    assert problem == str(found)[: len(problem)]


def test_what_is_no_event_is_said_too() -> None:
    """Nothing that one hands over raises."""
    event: Any = "Purchase"
    assert [Problem("", "an event must be a dict, not str")] == validate(event)


def test_the_source_decides_what_is_needed() -> None:
    """The argument is for events that name none; their own wins."""
    [app] = validate(PURCHASE, event_source="app")
    [lead] = validate(PURCHASE | {"event_source": "crm"})
    assert (app.path, app.kind) == ("app", ProblemKind.ERROR)
    assert (lead.path, lead.kind) == ("lead", ProblemKind.REMARK)


@pytest.mark.parametrize(
    ("changes", "kind", "problem"),
    [
        ({"event": "Complete Payment"}, "remark", "; was CompletePayment meant?"),
        ({"event": " Purchase "}, "mended", "event: had blanks around it"),
        ({"event_id": " s-1 "}, "mended", "event_id: had blanks around it"),
        ({"event_time": NOW_MS}, "mended", "event_time: was in milliseconds"),
        ({"event_time": "2026-01-01T00:00:00Z"}, "mended", "event_time: was a date"),
        ({"user": {"ip": "203.0.113.4, 10.0.0.1"}}, "mended", "user.ip: held more"),
        ({"user": {"ip": "unknown"}}, "left_out", "user.ip: It is left out."),
        ({"page": {"url": " https://shop.example/ "}}, "mended", "page.url: had blanks"),
        ({"properties": {"value": "59,98"}}, "mended", "properties.value: was an amount"),
        ({"properties": {"value": "1,234"}}, "error", "properties.value: must be a number"),
        ({"properties": {"num_items": 2.5}}, "left_out", "properties.num_items: must be a"),
        ({"properties": {"contents": [{"quantity": 0.5}]}}, "remark", "is not a whole number"),
        ({"properties": {"query": "x" * 5001}}, "mended", "properties.query: was longer than"),
        ({"properties": []}, "remark", "properties: was empty"),
        ({"limited_data_use": "perhaps"}, "mended", "it is sent as true"),
    ],
)
def test_mends_and_omissions_are_told_from_errors(
    changes: dict[str, Any], kind: str, problem: str
) -> None:
    """Whoever tests events knows which conversions are lost, and which only a field."""
    [found] = validate({**PURCHASE, **changes})
    assert (kind, True) == (found.kind, problem in str(found))


def test_beyond_a_hundred_problems_are_counted() -> None:
    """As in the worker's report."""
    event = {**PURCHASE, "properties": {"contents": [{"price": "x"}] * 150}}
    problems = validate(event)
    more = Problem("", "and 50 more", ProblemKind.OMITTED)
    assert (101, more) == (len(problems), problems[-1])


def test_no_problem_shows_a_value() -> None:
    """A value may be a person's, and so may a key that nobody documents."""
    wrong: dict[str, Any] = {
        "event": "",
        "event_time": SECRET,
        "page": {"url": SECRET},
        "app": SECRET,
        "user": {"ip": "jane", "att_status": "jane", SECRET: [[[[[[[[[SECRET]]]]]]]]]},
        "properties": {"value": SECRET, "currency": SECRET, "contents": SECRET},
        "limited_data_use": SECRET,
    }
    problems = validate(wrong)
    assert len(problems) > 1
    assert SECRET not in f"{problems}{problems[0]}"


def test_without_the_extra_its_name_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """To whoever calls it without having installed it."""
    monkeypatch.delitem(sys.modules, "tiktok_events.event.schema", raising=False)
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.raises(MissingExtra, match=r"install the client with its extra `validate`"):
        validate(PURCHASE)


def test_the_client_alone_loads_no_validator() -> None:
    """Nor Celery, nor marshmallow: an application pays for what it uses."""
    program = (
        "import sys, tiktok_events;"
        "print({'celery', 'kombu', 'marshmallow', 'jsonschema', 'requests'} & {*sys.modules})"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert ended.stdout == b"set()\n"
