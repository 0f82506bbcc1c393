"""Make dataclasses from data: each field states what it allows, each refusal names the field."""

from __future__ import annotations

import dataclasses
from dataclasses import MISSING, dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from _typeshed import DataclassInstance

    Built = TypeVar("Built", bound=DataclassInstance)

_KEY: Final = "allowed"


class ScenarioError(ValueError):
    """A scenario cannot be used; the message names the rule and the field."""


@dataclass(frozen=True, slots=True)
class _Allowed:
    test: Callable[[Any], bool]
    sentence: str


def number(low: float, high: float) -> dict[str, _Allowed]:
    """Return a check for a number between two bounds, both included."""
    return _metadata(
        lambda value: type(value) in (int, float) and low <= value <= high,
        f"a number from {low:g} to {high:g}",
    )


def whole(low: int, high: int) -> dict[str, _Allowed]:
    """Return a check for a whole number between two bounds, both included."""
    return _metadata(
        lambda value: type(value) is int and low <= value <= high,
        f"a whole number from {low} to {high}",
    )


def text() -> dict[str, _Allowed]:
    """Return a check for a string that is not empty."""
    return _metadata(lambda value: isinstance(value, str) and bool(value), "a string, not empty")


def flag() -> dict[str, _Allowed]:
    """Return a check for true or false."""
    return _metadata(lambda value: isinstance(value, bool), "true or false")


def one_of(*values: str) -> dict[str, _Allowed]:
    """Return a check for one of some words."""
    return _metadata(lambda value: value in values, f"one of {', '.join(values)}")


def table(raw: object, where: str) -> Mapping[str, Any]:
    """Return ``raw`` when it is a table.

    Raises:
        ScenarioError: ``raw`` is something else.
    """
    if isinstance(raw, dict):
        return raw
    raise ScenarioError(f"{where}: must be a table")


def build(kind: type[Built], raw: Mapping[str, Any], where: str) -> Built:
    """Make a dataclass from ``raw``; the dataclass's fields say what they allow.

    Args:
        kind: the dataclass.
        raw: data of its fields.
        where: how an error names the table.

    Raises:
        ScenarioError: a field is unknown, missing or wrong. The message does not repeat its value.
    """
    for complaint in _complaints(kind, raw):
        raise ScenarioError(f"{where}.{complaint}")
    return kind(**raw)


def _complaints(kind: type[DataclassInstance], raw: Mapping[str, Any]) -> Iterator[str]:
    known = {field.name: field for field in dataclasses.fields(kind)}
    for name in raw.keys() - known.keys():
        names = ", ".join(known) or "none"
        yield f"{name}: unknown; fields allowed here: {names}"
    for name, field in known.items():
        allowed: _Allowed = field.metadata[_KEY]
        if name not in raw and field.default is MISSING:
            yield f"{name}: missing; must be {allowed.sentence}"
        elif name in raw and not allowed.test(raw[name]):
            yield f"{name}: must be {allowed.sentence}"


def _metadata(test: Callable[[Any], bool], sentence: str) -> dict[str, _Allowed]:
    return {_KEY: _Allowed(test, sentence)}
