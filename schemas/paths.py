"""Paths into an event as an operator writes them: `properties.currency`, `user.email`.

    properties.contents.0.price    of one item, counted from 0
    properties.contents[].price    of every item
    event_source_id                of the destination, which stands beside the event

The schema tells what a path leads to, and so what a value on the command line means.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import orjson

from schemas.digests import MatchKey
from schemas.event import EVENTS
from schemas.event_time import EventTime
from schemas.fields import Text
from schemas.figures import Number
from schemas.flags import Flag
from schemas.lists import ListOf
from schemas.objects import Object
from schemas.unknown import shown_key
from tiktok_events.event.destination import DESTINATION_FIELDS

EVERY_ITEM: Final = "[]"
ABSENT: Final = object()
"""Stands in the place of a value: there is none, or there is to be none."""

NEAR_MISSES: Final = 3

# All sources have the same keys; what each requires is for `check_event` to say.
_KNOWN: Final[Mapping[str, Any]] = {
    **{name: Text() for name in DESTINATION_FIELDS},
    **EVENTS["web"].fields,
}
_JSON_KINDS: Final[tuple[tuple[type, tuple[type, ...]], ...]] = (
    (Flag, (bool,)),
    (Number, (int, float)),
    (EventTime, (int, float)),
    (ListOf, (list,)),
    (Object, (dict,)),
    (MatchKey, (str, list)),
)


class PathError(ValueError):
    """A path leads nowhere.

    Attributes:
        path: how far it leads.
        message: what is there instead.
    """

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.message = message


@dataclass(frozen=True, slots=True)
class EventPath:
    """A place in an event, or one in every item of a list.

    Attributes:
        steps: names, positions (from 0) and ``EVERY_ITEM``.
        field: what the schema knows of the place; `None` for a key that it does not know.
    """

    steps: tuple[str | int, ...]
    field: Any

    @classmethod
    def parse(cls, text: str) -> EventPath:
        """Return the path that a text means, if the schema knows it.

        Raises:
            PathError: it does not; the message names what is like it.
        """
        steps = _split(text)
        field: Any = None
        for depth, step in enumerate(steps):
            field = _below(field, step, steps[:depth], text) if depth else _first(step, text)
        return cls(tuple(map(_position, steps)), field)

    @classmethod
    def parse_any(cls, text: str) -> EventPath:
        """A path that the event may have though the schema does not know it."""
        try:
            return cls.parse(text)
        except PathError:
            return cls(tuple(map(_position, _split(text))), None)

    def read(self, text: str) -> Any:
        """Return the value that a text on the command line means at this place.

        It is read as JSON if that gives what the place wants: a number, true or false, a
        list, an object. Otherwise it is the text itself.
        """
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
        return value if _fits(self.field, value) else text

    def put(self, document: Any, value: Any) -> Any:
        """The document with a value at this place; ``ABSENT`` takes away what is there.

        Objects on the way are made, items of lists are not.

        Raises:
            PathError: the document has no such place.
        """
        return _put(document, self.steps, value, ())


def written(steps: tuple[str | int, ...]) -> str:
    """A path as people read it; a key that could be a person's is hidden."""
    text = ".".join(
        step if step == EVERY_ITEM else shown_key(step) if isinstance(step, str) else str(step)
        for step in steps
    )
    return text.replace(f".{EVERY_ITEM}", EVERY_ITEM)


def _split(text: str) -> list[str]:
    steps = text.strip().replace(EVERY_ITEM, f".{EVERY_ITEM}").split(".")
    if not all(steps):
        raise PathError("", "write names with dots between them, such as properties.currency")
    return steps


def _position(step: str) -> str | int:
    return int(step) if step.isascii() and step.isdigit() else step


def _first(step: str, text: str) -> Any:
    if step in _KNOWN:
        return _KNOWN[step]
    raise _unknown(text)


def _below(field: Any, step: str, above: list[str], text: str) -> Any:
    """Return what one more step leads to."""
    is_item = step == EVERY_ITEM or isinstance(_position(step), int)
    if isinstance(field, ListOf | MatchKey) and is_item:
        return field.item if isinstance(field, ListOf) else field
    if isinstance(field, Object) and step in field.schema.fields:
        return field.schema.fields[step]
    where = written(tuple(above))
    if isinstance(field, ListOf):
        raise PathError(where, f"is a list: {where}[].{shown_key(step)} means each of its items")
    if isinstance(field, Object):
        raise _unknown(text)
    raise PathError(where, "is a single value: nothing is below it")


def _unknown(text: str) -> PathError:
    near = _near(text)
    hint = f"; did you mean {' or '.join(near)}?" if near else "."
    shown = written(tuple(_split(text)))
    return PathError(shown, f"is not a documented key{hint} A key of your own needs a patch.")


def _near(text: str) -> list[str]:
    """Known paths that end the same or are spelt alike, the most similar first."""
    known, last = _known_paths(), text.rpartition(".")[2]
    same_end = [path for path in known if path.rpartition(".")[2] == last]
    alike = difflib.get_close_matches(text, known, n=NEAR_MISSES, cutoff=0.85)
    return sorted({*same_end, *alike}, key=lambda path: _unlikeness(text, path))[:NEAR_MISSES]


def _unlikeness(text: str, path: str) -> float:
    return -difflib.SequenceMatcher(None, text, path).ratio()


@cache
def _known_paths() -> tuple[str, ...]:
    return tuple(path for name, field in _KNOWN.items() for path in _paths(name, field))


def _paths(path: str, field: Any) -> Iterator[str]:
    yield path
    item = field.item if isinstance(field, ListOf) else field
    if isinstance(item, Object):
        stem = path if item is field else path + EVERY_ITEM
        for name, inner in item.schema.fields.items():
            yield from _paths(f"{stem}.{name}", inner)


def _fits(field: Any, value: Any) -> bool:
    wanted = next((kinds for kind, kinds in _JSON_KINDS if isinstance(field, kind)), (str,))
    return isinstance(value, wanted) and (bool in wanted or not isinstance(value, bool))


def _put(node: Any, steps: tuple[str | int, ...], value: Any, above: tuple[str | int, ...]) -> Any:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(node, list):
        return _put_in_list(node, steps, value, above)
    if node is ABSENT and value is ABSENT:
        return ABSENT
    if isinstance(step, int) or step == EVERY_ITEM:
        raise PathError(written(above), "is not there" if node is ABSENT else "is no list")
    inner = {} if node is ABSENT or node is None else node
    if not isinstance(inner, dict):
        raise PathError(written(above), "is a single value: nothing is below it")
    below = _put(inner.get(step, ABSENT), rest, value, (*above, step))
    kept = {key: item for key, item in inner.items() if key != step or below is not ABSENT}
    return kept if below is ABSENT else kept | {step: below}


def _put_in_list(
    items: list[Any], steps: tuple[str | int, ...], value: Any, above: tuple[str | int, ...]
) -> list[Any]:
    step = steps[0]
    if step != EVERY_ITEM and not isinstance(step, int):
        each = written((*above, EVERY_ITEM, step))
        raise PathError(written(above), f"is a list: {each} means each of its items")
    if isinstance(step, int) and step >= len(items):
        raise PathError(written((*above, step)), f"the list has {len(items)} items, from 0")
    placed = [
        _put(item, steps[1:], value, (*above, at)) if step in {EVERY_ITEM, at} else item
        for at, item in enumerate(items)
    ]
    return [item for item in placed if item is not ABSENT]
