"""The simulator keeps true figures of what it accepted, refused and disturbed."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.builders.clock import START, Clock
from tiktok_events_sandbox import scenario
from tiktok_events_sandbox.api import PATH
from tiktok_events_sandbox.control import Controlled
from tiktok_events_sandbox.exchange import Ending, Head, Reply
from tiktok_events_sandbox.simulator import Settings, Simulator


def event(number: int, **changes: Any) -> dict[str, Any]:
    """Return an event that is accepted."""
    page = {"url": "https://shop.example/"}
    fixed = {"event": "Purchase", "event_time": int(START), "event_id": f"ord-{number}"}
    return {**fixed, "page": page, **changes}


def send(simulator: Simulator, *events: dict[str, Any], **top: Any) -> Reply:
    """Send events as one request."""
    content = {"event_source": "web", "event_source_id": "PIXEL1", "data": events, **top}
    return simulator.answer(Head("POST", PATH, "secret"), orjson.dumps(content))


def simulator(
    effect: dict[str, Any] | None = None, *, clock: Clock | None = None, **settings: Any
) -> Simulator:
    """Return a simulator that stands at one moment, with one rule at most."""
    made = Simulator(Settings(**settings), now=clock or Clock())
    if effect:
        made.add_rule(scenario.rule({"effect": effect, "match": {"event": "Purchase"}}, "fault"))
    return made


def test_accepted_events_are_counted_by_destination() -> None:
    """Requests, events and conversions are counted in total and for each destination."""
    sandbox = simulator()
    send(sandbox, event(1), event(2))
    send(sandbox, event(2), event(3))
    send(sandbox, event(1), event_source_id="PIXEL2")
    report = sandbox.report()
    assert (
        report.requests,
        report.events_received,
        report.events_accepted,
        report.distinct,
        report.repeated,
    ) == (3, 5, 5, 4, 1)
    assert {name: figures.distinct for name, figures in report.destinations.items()} == {
        "web:PIXEL1": 3,
        "web:PIXEL2": 1,
    }


def test_a_bad_event_keeps_the_whole_batch_out() -> None:
    """A refused request counts no event, and is counted by its code."""
    sandbox = simulator()
    send(sandbox, event(1), event(2, event_id=7))
    report = sandbox.report()
    assert (report.events_received, report.events_accepted, report.distinct) == (2, 0, 0)
    assert report.refused_requests == {40002: 1}
    assert report.destinations["web:PIXEL1"].refused_requests == {40002: 1}


def test_an_unreadable_request_counts_without_a_destination() -> None:
    """A body without destination appears in the totals alone."""
    sandbox = simulator()
    sandbox.answer(Head("POST", PATH, "secret"), b"{")
    assert (sandbox.report().requests, sandbox.report().destinations) == (1, {})


def test_the_browser_and_the_server_make_one_conversion() -> None:
    """A server event merges with the browser's within five minutes."""
    sandbox = simulator()
    sandbox.pixel("PIXEL1", "Purchase", "ord-1", at=START - 60)
    send(sandbox, event(1))
    report = sandbox.report()
    assert (
        report.pixel_events,
        report.events_accepted,
        report.distinct,
        report.merged,
    ) == (1, 1, 1, 1)


def test_test_events_have_keys_of_their_own() -> None:
    """A test event does not make the real one a repeat."""
    sandbox = simulator()
    send(sandbox, event(1), test_event_code="TEST1")
    send(sandbox, event(1))
    assert list(sandbox.report().destinations) == ["web:PIXEL1:TEST1", "web:PIXEL1"]
    assert sandbox.report().distinct == 2


@pytest.mark.parametrize("kind", ["reset", "hang", "empty", "no_code", "truncated", "html"])
@pytest.mark.parametrize("accept", [True, False])
def test_an_unclear_end_counts_the_events_only_when_told(
    kind: str,
    accept: bool,  # noqa: FBT001 — a table column
) -> None:
    """The events of an ambiguous attempt were taken, or not, as the rule says."""
    sandbox = simulator({"kind": kind, "accept": accept})
    send(sandbox, event(1))
    assert (int(accept), {"fault": 1}) == (sandbox.report().distinct, sandbox.report().faults)


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        ({"kind": "empty"}, (200, b"")),
        ({"kind": "no_code"}, (200, b'{"message":"OK"}')),
        ({"kind": "redirect"}, (302, b"")),
    ],
)
def test_effects_without_an_envelope(effect: dict[str, Any], expected: tuple[int, bytes]) -> None:
    """Empty, codeless and redirecting answers hold no code."""
    reply = send(simulator(effect), event(1))
    assert expected == (reply.status, reply.body)


@pytest.mark.parametrize(
    ("effect", "code", "message", "status"),
    [
        (
            {"kind": "answer", "code": 50002},
            50002,
            "Internal service timed out. Please retry in sometime.",
            200,
        ),
        (
            {"kind": "answer", "code": 45678, "message": "Odd.", "http_status": 418},
            45678,
            "Odd.",
            418,
        ),
        (
            {"kind": "throttle", "for_s": 1},
            40100,
            "Too many requests. Please retry in some time.",
            200,
        ),
        ({"kind": "revoke"}, 40105, "Access token is incorrect or has been revoked.", 200),
        ({"kind": "refuse"}, 40002, "Invalid value for event_id: not a valid string.", 200),
        (
            {"kind": "refuse", "with_index": True},
            40002,
            "Batch.1.event_id: Not a valid string",
            200,
        ),
    ],
)
def test_effects_with_a_code(effect: dict[str, Any], code: int, message: str, status: int) -> None:
    """A rule's refusal has its code, message and HTTP status, and is counted by code."""
    sandbox = simulator(effect)
    reply = send(sandbox, event(1, event="ViewContent"), event(2))
    answer = orjson.loads(reply.body)
    assert (code, message, status) == (answer["code"], answer["message"], reply.status)
    assert {code: 1} == sandbox.report().refused_requests


def test_a_throttle_tells_the_seconds_that_remain() -> None:
    """Retry-After shrinks as the clock runs."""
    clock = Clock()
    sandbox = simulator({"kind": "throttle", "for_s": 10, "retry_after": True}, clock=clock)
    first = send(sandbox, event(1))
    clock.now += 7.5
    assert [
        first.headers,
        send(sandbox, event(1)).headers,
    ] == [(("Retry-After", "10"),), (("Retry-After", "3"),)]


def test_latency_and_slow_rules_add_up() -> None:
    """The reply carries the delay; the events are served as ever."""
    sandbox = simulator({"kind": "slow", "delay_s": 2}, latency_s=0.25)
    assert send(sandbox, event(1)).delay_s == 2.25
    assert sandbox.report().distinct == 1


def test_a_reset_before_reading_needs_no_body() -> None:
    """The connection ends at the head, and the request is counted."""
    sandbox = simulator()
    effect = {"kind": "reset", "when": "before_reading"}
    sandbox.add_rule(scenario.rule({"effect": effect}, "early"))
    reply = sandbox.before_reading(Head("POST", PATH, "secret", length_bytes=9))
    assert reply is not None
    assert (
        reply.ending,
        sandbox.report().requests,
        sandbox.report().faults,
    ) == (Ending.RESET, 1, {"early": 1})


def test_kept_events_are_the_newest() -> None:
    """No more than asked for are kept, as they came, and their repr shows no content."""
    sandbox = simulator(keep_events=2)
    send(sandbox, event(1), event(2), event(3))
    kept = sandbox.events()
    assert [event(2), event(3)] == [each.event for each in kept]
    assert "shop.example" not in repr(kept)


def test_event_ids_are_reported_when_kept() -> None:
    """Each id has the number of times it was accepted."""
    sandbox = simulator(keep_event_ids=True)
    send(sandbox, event(1), event(2))
    send(sandbox, event(2))
    assert sandbox.report().event_ids == {"web:PIXEL1": {"ord-1": 1, "ord-2": 2}}


def test_nothing_is_kept_unless_asked_for() -> None:
    """Without settings neither bodies nor ids stay in memory."""
    sandbox = simulator()
    send(sandbox, event(1))
    assert (sandbox.events(), sandbox.report().event_ids) == ((), {})


def test_a_reset_forgets_figures_and_conversions() -> None:
    """After a reset the same event is new."""
    sandbox = simulator()
    send(sandbox, event(1))
    sandbox.reset()
    assert sandbox.report().requests == 0
    send(sandbox, event(1))
    assert sandbox.report().distinct == 1


def test_a_report_does_not_change_afterwards() -> None:
    """Figures are those of their moment."""
    sandbox = simulator()
    before = sandbox.report()
    send(sandbox, event(1))
    assert (before.requests, before.destinations) == (0, {})


def test_a_report_is_one_json_object() -> None:
    """All figures survive the way through JSON, codes as strings."""
    sandbox = simulator()
    send(sandbox, event(1, event_id=7))
    report = orjson.loads(sandbox.report().to_json())
    assert report["refused_requests"] == {"40002": 1}
    assert report["destinations"]["web:PIXEL1"]["requests"] == 1


def test_every_accepted_event_has_one_outcome() -> None:
    """Accepted and browser events add up to distinct, merged and repeated."""
    sandbox = simulator()
    sandbox.pixel("PIXEL1", "Purchase", "ord-1")
    sandbox.pixel("PIXEL1", "Purchase", "ord-9")
    for _ in range(3):
        send(sandbox, event(1), event(2))
    report = sandbox.report()
    outcomes = report.distinct + report.merged + report.repeated
    assert (report.events_accepted + report.pixel_events, outcomes) == (8, 8)


def test_a_new_rule_has_a_name_of_its_own() -> None:
    """A free name is found although rules were taken out in between."""
    sandbox = simulator()
    for _ in range(2):
        raw = {"effect": {"kind": "empty"}}
        sandbox.add_rule(scenario.rule(raw, sandbox.free_rule_name()))
    sandbox.remove_rule("rule 1")
    assert sandbox.rule_names() == ("rule 2",)
    assert sandbox.free_rule_name() == "rule 1"


def test_the_control_surface_is_closed_to_other_machines() -> None:
    """A stranger is refused unless the control is open."""
    stranger = Head("GET", "/sandbox/report", from_loopback=False)
    closed = Controlled(simulator()).before_reading(stranger)
    assert closed is not None
    assert closed.status == 403
    assert Controlled(simulator(open_control=True)).before_reading(stranger) is None


def test_settings_do_not_show_tokens() -> None:
    """The repr of the settings leaves the tokens out."""
    assert "secret" not in repr(Settings(tokens={"secret": None}))
