"""Find names and values that stand apart: pairs in a list, JSON within a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from tiktok_events.event.key_names import ANYWHERE, PERSONAL, meaning, squeezed


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NAMES: Final = _set(
    "name key field label id title type property attribute code slug question k n fieldname"
    " propertyname attributename attributecode fieldid fieldlabel"
)
"""Squeezed keys of a pair that hold its name."""

_VALUES: Final = _set("value values val v answer answers text content data displayvalue fieldvalue")
"""Squeezed keys of a pair that hold its value.

Sources: ``note_attributes`` of https://shopify.dev/docs/api/admin-rest/latest/resources/order,
``meta_data`` of https://woocommerce.github.io/woocommerce-rest-api-docs/, ``user_properties`` of
https://developers.google.com/analytics/bigquery/export-schema (read 2026-11-30).
"""

_speaks_of_somebody: Final = re.compile(r"e-?mail|phone|telefon|teléfono", re.IGNORECASE).search
_MOST_CHARS: Final = 65_536


def pair_meaning(item: Mapping[Any, Any]) -> str | None:
    """Return the match key that a pair is about, or ``PERSONAL``; ``None`` if it is no pair."""
    keys = {squeezed(key): key for key in item if isinstance(key, str)}
    if _VALUES.isdisjoint(keys):
        return None
    for name in _NAMES.intersection(keys):
        said = item[keys[name]]
        if isinstance(said, str) and (meant := _meaning_of(said)):
            return meant
    return None


def _meaning_of(said: str) -> str | None:
    meant = meaning(said)
    if meant in ANYWHERE:
        return meant
    return PERSONAL if _speaks_of_somebody(said) else None


def opened(text: str) -> Any:
    """Return the object or array that a text encodes as JSON, or ``None`` for any other text."""
    if text.lstrip()[:1] not in ("{", "[") or len(text) > _MOST_CHARS:
        return None
    try:
        value = orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return None
    return value if isinstance(value, dict | list) else None


def to_text(value: Any) -> str:
    """Return a value as JSON text."""
    return orjson.dumps(value).decode()
