"""Tell quickly whether an event is in the words of API 2.0 throughout, as most are.

First its keys are compared with the documented ones. Then the brackets of its JSON are counted: if
there are no more than the compared objects and lists need, no value hides another object or list,
and no text holds JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any, Final

from tiktok_events.event.json_bytes import to_json
from tiktok_events.event.key_names import DOCUMENTED, EVENT_KEYS
from tiktok_events.event.remarks import REMARKS

KNOWN: Final = EVENT_KEYS | {REMARKS}
OBJECTS: Final = ("properties", "page", "app", "ad", "lead", "device")


def plain_brackets(event: Mapping[str, Any]) -> int:
    """Return how many brackets the JSON of a plain event has outside of its ``user``.

    0 means that a key is not of API 2.0, or not in its place. Every event is checked; it takes a
    microsecond.
    """
    if not KNOWN.issuperset(event):
        return 0
    count = 1
    for name in OBJECTS:
        if name in event:
            inner = event[name]
            if type(inner) is dict:
                if not DOCUMENTED.issuperset(inner):
                    return 0
                count += 1
            elif inner:
                return 0
    properties = event.get("properties")
    contents = properties.get("contents") if properties else None
    if not contents:
        return count
    return count + 1 + len(contents) if _are_plain(contents) else 0


def _are_plain(contents: Any) -> bool:
    """Return whether the keys of all products are documented."""
    try:
        return type(contents) is list and DOCUMENTED.issuperset(chain.from_iterable(contents))
    except TypeError:  # an item is no object
        return False


def holds_more(encoded: bytes, user: Any, brackets: int) -> bool:
    """Return whether the JSON of an event has more brackets than were counted.

    Args:
        encoded: the JSON.
        user: the part of the JSON that is ``user``.
        brackets: how many brackets were counted outside of ``user``.
    """
    more = brackets_in(encoded) - brackets
    if user is None or not more:
        return more != 0
    return more > 1 and more != 1 + [*map(type, user.values())].count(list)


def brackets_in(encoded: bytes) -> int:
    """Return how many brackets of objects and lists open."""
    # bytes.count() takes more than twice the time.
    return len(encoded) - len(encoded.replace(b"{", b"").replace(b"[", b""))


def is_plain(event: Mapping[str, Any]) -> bool:
    """Return whether an event is plain, when its JSON is not at hand."""
    brackets = plain_brackets(event)
    others = {key: value for key, value in event.items() if key != "user"}
    return brackets > 0 and brackets_in(to_json(others)) == brackets
