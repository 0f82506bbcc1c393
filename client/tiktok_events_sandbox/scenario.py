"""Read rules from data: a TOML or JSON file, or one rule as a table.

    [[rules]]
    name = "the service is down"
    match = { from_s = 5, to_s = 20 }
    effect = { kind = "html", http_status = 502 }

``match`` takes the fields of `tiktok_events_sandbox.faults.Match`; ``effect`` a ``kind`` of
`tiktok_events_sandbox.effects.EFFECTS` with its fields.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from tiktok_events_sandbox.effects import EFFECTS, Effect, Refuse, Reset
from tiktok_events_sandbox.faults import Match, Rule
from tiktok_events_sandbox.fields import ScenarioError, build, table

if TYPE_CHECKING:
    from collections.abc import Mapping

SHIPPED: Final = Path(__file__).parent / "scenarios"

_RULE_KEYS: Final = {"name", "match", "effect"}


def load(path: Path | str) -> tuple[Rule, ...]:
    """Read a scenario from a file, or a shipped one by its bare name.

    Raises:
        ScenarioError: there is no such file, it is no TOML or JSON, or a rule cannot be used.
    """
    file = _find(path)
    try:
        raw = _parse(file)
    except OSError as error:
        raise ScenarioError(f"{file}: cannot be read; shipped: {', '.join(shipped())}") from error
    except ValueError as error:
        raise ScenarioError(f"{file}: {error}") from error
    return rules(raw)


def shipped() -> list[str]:
    """Return the names of the scenarios that come with the sandbox."""
    return sorted(file.stem for file in SHIPPED.glob("*.toml"))


def rules(raw: object) -> tuple[Rule, ...]:
    """Return the rules of a whole scenario.

    Raises:
        ScenarioError: a rule cannot be used; the message names the first one.
    """
    content = table(raw, "scenario")
    entries = content.get("rules")
    if content.keys() != {"rules"} or not isinstance(entries, list):
        raise ScenarioError("scenario: must hold a list 'rules' and nothing else")
    made = tuple(rule(entry, f"rule {number}") for number, entry in enumerate(entries, 1))
    names = [each.name for each in made]
    for name in names:
        if names.count(name) > 1:
            raise ScenarioError(f"rule {name!r}: name: used twice")
    return made


def rule(raw: object, default_name: str) -> Rule:
    """Return one rule.

    Raises:
        ScenarioError: the rule cannot be used; the message names it and the field.
    """
    content = table(raw, default_name)
    name = content.get("name", default_name)
    if not isinstance(name, str) or not name:
        raise ScenarioError(f"{default_name}: name: must be a string, not empty")
    where = f"rule {name!r}"
    for key in content.keys() - _RULE_KEYS:
        raise ScenarioError(f"{where}: {key}: unknown; a rule has name, match and effect")
    made = Rule(name, _effect(content.get("effect"), where), _match(content, where))
    _check_together(made, where)
    return made


def _find(path: Path | str) -> Path:
    by_name = SHIPPED / f"{path}.toml"
    return by_name if str(path) in shipped() and not Path(path).exists() else Path(path)


def _parse(file: Path) -> Any:
    content = file.read_bytes()
    if file.suffix == ".json":
        return orjson.loads(content)
    return tomllib.loads(content.decode())


def _match(content: Mapping[str, Any], where: str) -> Match:
    raw = table(content.get("match", {}), f"{where}: match")
    return build(Match, raw, f"{where}: match")


def _effect(raw: object, where: str) -> Effect:
    fields = dict(table(raw, f"{where}: effect"))
    kind = fields.pop("kind", None)
    if not isinstance(kind, str) or kind not in EFFECTS:
        raise ScenarioError(f"{where}: effect.kind: must be one of {', '.join(EFFECTS)}")
    return build(EFFECTS[kind], fields, f"{where}: effect")


def _check_together(made: Rule, where: str) -> None:
    """Refuse values that are allowed one by one, but have no meaning together."""
    match = made.match
    if match.from_request > match.to_request or match.from_s >= match.to_s:
        raise ScenarioError(f"{where}: match: the range ends before it begins")
    if isinstance(made.effect, Refuse) and not match.marks:
        raise ScenarioError(f"{where}: match: needs event, event_id_prefix or property_key")
    if made.before_reading and (match.marks or match.destination):
        raise ScenarioError(f"{where}: match: only the token is known before the body is read")
    if isinstance(made.effect, Reset) and made.before_reading and made.effect.accept:
        raise ScenarioError(f"{where}: effect.accept: events cannot be accepted unread")
