"""A scenario is read whole or refused with the name of its rule and field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from tiktok_events_sandbox import scenario
from tiktok_events_sandbox.effects import EFFECTS, Html
from tiktok_events_sandbox.faults import Match, Rule
from tiktok_events_sandbox.fields import ScenarioError

if TYPE_CHECKING:
    from pathlib import Path

DOWN = Rule("down", Html(http_status=503), Match(from_s=5, to_s=20.5))
DOWN_DATA = {
    "name": "down",
    "match": {"from_s": 5, "to_s": 20.5},
    "effect": {"kind": "html", "http_status": 503},
}


def test_a_scenario_is_read_from_toml(tmp_path: Path) -> None:
    """A TOML file gives its rules in order."""
    file = tmp_path / "down.toml"
    file.write_text(
        '[[rules]]\nname = "down"\nmatch = { from_s = 5, to_s = 20.5 }\n'
        'effect = { kind = "html", http_status = 503 }\n'
    )
    assert scenario.load(file) == (DOWN,)


def test_a_scenario_is_read_from_json(tmp_path: Path) -> None:
    """A JSON file gives the same rules."""
    file = tmp_path / "down.json"
    file.write_bytes(orjson.dumps({"rules": [DOWN_DATA]}))
    assert scenario.load(file) == (DOWN,)


@pytest.mark.parametrize("name", ["outage", "poison"])
def test_shipped_scenarios_are_found_by_name(name: str) -> None:
    """Every shipped scenario loads by its bare name."""
    assert name in scenario.shipped()
    assert scenario.load(name)


@pytest.mark.parametrize("kind", EFFECTS)
def test_every_effect_can_be_written(kind: str) -> None:
    """Each kind is a rule with no more than its required fields."""
    required: dict[str, dict[str, Any]] = {
        "answer": {"code": 50000},
        "slow": {"delay_s": 1},
        "throttle": {"for_s": 1},
    }
    raw = {"match": {"event": "Bad"}, "effect": {"kind": kind, **required.get(kind, {})}}
    assert isinstance(scenario.rule(raw, "rule 1").effect, EFFECTS[kind])


def bad(expected: str, **changes: Any) -> Any:
    """Return a row: the rule ``down`` with changes, and the sentence expected."""
    return pytest.param({**DOWN_DATA, **changes}, expected, id=expected)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        bad("rule 'down': efect: unknown; a rule has name, match and effect", efect={}),
        bad("rule 4: name: must be a string, not empty", name=""),
        bad("rule 'down': match: must be a table", match=[]),
        bad("rule 'down': effect: must be a table", effect="html"),
        bad("rule 'down': effect.kind: must be one of answer, ", effect={"kind": "boom"}),
        bad("rule 'down': effect.kind: must be one of", effect={}),
        bad(
            "rule 'down': effect.code: missing; must be a whole number from 1 to 99999",
            effect={"kind": "answer"},
        ),
        bad(
            "rule 'down': effect.code: must be a whole number from 1 to 99999",
            effect={"kind": "answer", "code": "50000"},
        ),
        bad(
            "rule 'down': effect.http_status: must be a whole number from 200 to 599",
            effect={"kind": "html", "http_status": 99},
        ),
        bad(
            "rule 'down': effect.delay_s: unknown; fields allowed here: accept, http_status",
            effect={"kind": "html", "delay_s": 1},
        ),
        bad(
            "rule 'down': effect.when: must be one of before_reading, after_reading",
            effect={"kind": "reset", "when": "later"},
        ),
        bad(
            "rule 'down': effect.accept: must be true or false",
            effect={"kind": "empty", "accept": 1},
        ),
        bad("rule 'down': match.fraction: must be a number from 0 to 1", match={"fraction": 2}),
        bad("rule 'down': match.times: must be a whole number", match={"times": True}),
        bad("rule 'down': match.from: unknown; fields allowed here: dest", match={"from": 1}),
        bad("the range ends before it begins", match={"from_s": 5, "to_s": 5}),
        bad("needs event, event_id_prefix or property_key", effect={"kind": "refuse"}),
        bad(
            "only the token is known before the body is read",
            match={"destination": "PIXEL1"},
            effect={"kind": "reset", "when": "before_reading"},
        ),
        bad(
            "events cannot be accepted unread",
            effect={"kind": "reset", "when": "before_reading", "accept": True},
        ),
    ],
)
def test_a_wrong_rule_is_refused_by_name_and_field(raw: dict[str, Any], expected: str) -> None:
    """The error says which rule, which field and what is allowed."""
    with pytest.raises(ScenarioError) as caught:
        scenario.rule(raw, "rule 4")
    assert expected in str(caught.value)


@pytest.mark.parametrize("raw", [[], {}, {"rules": {}}, {"rules": [], "rule": []}])
def test_a_scenario_holds_a_list_of_rules(raw: object) -> None:
    """Anything else on the top level is refused."""
    with pytest.raises(ScenarioError, match="scenario: "):
        scenario.rules(raw)


def test_two_rules_cannot_share_a_name() -> None:
    """The report counts by name, so names are unique."""
    with pytest.raises(ScenarioError, match="rule 'down': name: used twice"):
        scenario.rules({"rules": [DOWN_DATA, DOWN_DATA]})


def test_a_missing_file_names_the_shipped_ones(tmp_path: Path) -> None:
    """A wrong name is answered with the names there are."""
    with pytest.raises(ScenarioError, match="shipped: outage, poison"):
        scenario.load(tmp_path / "none.toml")


@pytest.mark.parametrize("name", ["broken.toml", "broken.json"])
def test_a_broken_file_is_named(name: str, tmp_path: Path) -> None:
    """A file that cannot be parsed is named in the error."""
    (tmp_path / name).write_text("{ no")
    with pytest.raises(ScenarioError, match=name):
        scenario.load(tmp_path / name)


def test_no_error_or_repr_shows_a_token() -> None:
    """The token of a rule is left out of its repr."""
    rule = scenario.rule({**DOWN_DATA, "match": {"token": "secret"}}, "rule 1")
    assert "secret" not in repr(rule)
