"""The rules of a scenario strike the requests they are for, and no others."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tiktok_events_sandbox import api, scenario
from tiktok_events_sandbox.effects import Answer, Revoke, Throttle
from tiktok_events_sandbox.exchange import Head
from tiktok_events_sandbox.faults import Faults

TOKEN = "secret"
GIVE_UP = {"kind": "answer", "code": 50000}


def call(*events: dict[str, Any], token: str = TOKEN, source_id: str = "PIXEL1") -> api.Call:
    """Return a request with some events."""
    content = {"event_source": "web", "event_source_id": source_id, "data": events}
    return api.read_call(Head("POST", api.PATH, token), orjson.dumps(content))


def faults(*rules: dict[str, Any], seed: int = 0) -> Faults:
    """Return faults whose rules were loaded at time 0."""
    made = Faults(seed)
    for number, raw in enumerate(rules, 1):
        made.add(scenario.rule(raw, f"rule {number}"), 0)
    return made


def strikes(match: dict[str, Any], *calls: api.Call, now: float = 0) -> list[bool]:
    """Tell for each request whether one rule strikes it."""
    rules = faults({"match": match, "effect": GIVE_UP})
    return [rules.after_reading(each, now).effect is not None for each in calls]


def test_without_rules_nothing_happens() -> None:
    """A request meets no effect and no delay."""
    strike = faults().after_reading(call(), 0)
    assert (strike.effect, strike.delay_s, strike.names) == (None, 0, ())


def test_a_rule_is_for_a_destination() -> None:
    """The source id picks the requests."""
    calls = call(), call(source_id="PIXEL2")
    assert strikes({"destination": "PIXEL2"}, *calls) == [False, True]


def test_a_rule_is_for_a_token() -> None:
    """The token picks the requests."""
    assert strikes({"token": "other"}, call(), call(token="other")) == [False, True]


def test_a_rule_is_for_a_range_of_requests() -> None:
    """First and last request are included, counted from 1."""
    match = {"from_request": 2, "to_request": 3}
    assert strikes(match, *[call()] * 4) == [False, True, True, False]


def test_a_rule_strikes_so_many_times() -> None:
    """After its number of strikes a rule rests."""
    assert strikes({"times": 2}, *[call()] * 3) == [True, True, False]


@pytest.mark.parametrize(("now", "struck"), [(4.9, False), (5, True), (7.9, True), (8, False)])
def test_a_rule_has_its_seconds(now: float, struck: bool) -> None:  # noqa: FBT001 — a table row
    """The first second is included, the last is not."""
    assert [struck] == strikes({"from_s": 5, "to_s": 8}, call(), now=now)


@pytest.mark.parametrize(
    "match", [{"event": "Bad"}, {"event_id_prefix": "bad-"}, {"property_key": "bad"}]
)
def test_a_mark_finds_its_event(match: dict[str, Any]) -> None:
    """Name, id prefix and property key find the marked event and its index."""
    plain = {"event": "Good", "event_id": "good-1", "properties": {"good": 1}}
    marked = {"event": "Bad", "event_id": "bad-1", "properties": {"bad": 1}}
    rules = faults({"match": match, "effect": GIVE_UP})
    strike = rules.after_reading(call(plain, plain, marked), 0)
    assert (strike.names, strike.marked) == (("rule 1",), 2)
    assert rules.after_reading(call(plain), 0).names == ()


def test_all_marks_must_fit_the_same_event() -> None:
    """Two events that bear one mark each are not a match."""
    first, second = {"event": "Bad", "event_id": "good-1"}, {"event": "Good", "event_id": "bad-1"}
    assert strikes({"event": "Bad", "event_id_prefix": "bad-"}, call(first, second)) == [False]


def test_a_body_that_is_no_json_bears_no_mark() -> None:
    """A mark or destination cannot be found in what cannot be read."""
    broken = api.read_call(Head("POST", api.PATH, "secret"), b"{")
    assert strikes({"event": "Bad"}, broken) == [False]
    assert strikes({"destination": "PIXEL1"}, broken) == [False]


def test_a_fraction_is_the_same_for_the_same_seed() -> None:
    """A third of the requests is struck, and the same third each time."""

    def run(seed: int) -> list[bool]:
        rules = faults({"match": {"fraction": 0.33}, "effect": GIVE_UP}, seed=seed)
        return [rules.after_reading(call(), 0).effect is not None for _ in range(600)]

    assert run(7) == run(7)
    assert run(7) != run(8)
    assert 150 < sum(run(7)) < 250


def test_the_first_rule_that_fits_ends_the_search() -> None:
    """Rules are tried in order."""
    rules = faults({"effect": GIVE_UP}, {"effect": {"kind": "answer", "code": 40100}})
    assert Answer(50000) == rules.after_reading(call(), 0).effect


def test_delays_add_up_and_the_search_goes_on() -> None:
    """Two slow rules and an answer all apply."""
    slow = {"effect": {"kind": "slow", "delay_s": 1.5}}
    strike = faults(slow, slow, {"effect": GIVE_UP}).after_reading(call(), 0)
    assert (strike.delay_s, strike.effect) == (3.0, Answer(50000))


def test_a_throttle_holds_its_token_for_its_seconds() -> None:
    """Only the token that met the rule waits, and only so long."""
    rules = faults({"match": {"times": 1}, "effect": {"kind": "throttle", "for_s": 3}})
    effects = [
        rules.after_reading(call(token=token), now).effect
        for token, now in [("a", 0), ("b", 1), ("a", 2), ("a", 3)]
    ]
    assert [Throttle(3), None, Throttle(1), None] == effects


def test_a_revoked_token_stays_revoked_until_its_rule_is_removed() -> None:
    """Every destination of the token is refused, other tokens are not."""
    rules = faults(
        {"match": {"destination": "PIXEL1", "times": 1}, "effect": {"kind": "revoke"}, "name": "r"}
    )
    requests = call(), call(source_id="PIXEL2"), call(token="other")
    effects = [rules.after_reading(each, 0).effect for each in requests]
    rules.remove("r")
    assert [Revoke(), Revoke(), None] == effects
    assert rules.after_reading(call(), 0).effect is None


def test_requests_held_back_still_count() -> None:
    """A rule's request numbers go on while a token is throttled."""
    rules = faults(
        {"match": {"times": 1}, "effect": {"kind": "throttle", "for_s": 9}},
        {"match": {"from_request": 3}, "effect": GIVE_UP},
    )
    effects = [rules.after_reading(call(), now).effect for now in (0, 1, 9)]
    assert [Throttle(9), Throttle(8), Answer(50000)] == effects


def test_a_restart_lets_the_rules_count_anew() -> None:
    """Times and seconds begin again, tokens are restored."""
    rules = faults({"match": {"times": 1, "to_s": 5}, "effect": {"kind": "revoke"}})
    rules.after_reading(call(), 0)
    rules.restart(100)
    effects = [rules.after_reading(call(), now).effect for now in (106, 104)]
    assert [None, Revoke()] == effects


def test_a_reset_before_reading_is_decided_by_the_head() -> None:
    """Such a rule strikes in the first phase and is passed over in the second."""
    rules = faults({"effect": {"kind": "reset", "when": "before_reading"}})
    assert rules.before_reading("secret", 0).names == ("rule 1",)
    assert rules.after_reading(call(), 0).names == ()
