"""Keys that we do not know: they go out as they are, with a warning, within bounds.

TikTok's own template sends free custom properties, so they are tolerated; the bounds are ours.
Source: https://github.com/tiktok/gtm-template-eapi (read 2026-11-22).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from marshmallow import ValidationError

from schemas import limits
from schemas.fields import is_unicode
from schemas.finding import Finding

UNKNOWN_KEY: Final = "is not a documented key: it is sent as it is"
NOT_BOUNDED: Final = (
    f"must be JSON of at most {limits.UNKNOWN_LEVELS} levels, {limits.LIST_ITEMS} items a list, "
    f"{limits.OBJECT_KEYS} keys an object and {limits.UNKNOWN_TEXT_CHARS} characters a text"
)
NOT_A_KEY: Final = f"keys must be strings of at most {limits.KEY_CHARS} characters"

_SMALLEST_INTEGER: Final = -(2**63)
_LARGEST_INTEGER: Final = 2**64 - 1
_shows_nobody: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]{0,63}").fullmatch


@lru_cache(maxsize=1_024)
def unknown_key(key: str, prefix: str = "", remark: str = UNKNOWN_KEY) -> Finding:
    """Return the warning on an unknown key; ``prefix`` is the path of its object with its dot."""
    return Finding(prefix + shown_key(key), remark)


def shown_key(key: Any) -> str:
    """Return the key as a path may show it: one that could be an address or a number is hidden."""
    return key if isinstance(key, str) and _shows_nobody(key) else "<key>"


def is_key(key: Any) -> bool:
    """Return whether the key can go out."""
    return type(key) is str and len(key) <= limits.KEY_CHARS and is_unicode(key)


def is_scalar(value: Any) -> bool:
    """Return whether the value is a bounded JSON scalar that any parser can read."""
    kind = type(value)
    if kind is str:
        return len(value) <= limits.UNKNOWN_TEXT_CHARS and is_unicode(value)
    if kind is int:
        return bool(_SMALLEST_INTEGER <= value <= _LARGEST_INTEGER)
    if kind is float:
        return math.isfinite(value)
    return kind is bool or value is None


def bounded_copy(value: Any, levels: int = limits.UNKNOWN_LEVELS) -> Any:
    """Return a copy of a JSON value.

    Raises:
        ValidationError: it is deeper, longer or of another kind than we let out.
    """
    if is_scalar(value):
        return value
    if levels and isinstance(value, list) and len(value) <= limits.LIST_ITEMS:
        return [bounded_copy(item, levels - 1) for item in value]
    if levels and isinstance(value, Mapping) and len(value) <= limits.OBJECT_KEYS:
        return {_checked_key(key): bounded_copy(item, levels - 1) for key, item in value.items()}
    raise ValidationError(NOT_BOUNDED)


def _checked_key(key: Any) -> str:
    if not is_key(key):
        raise ValidationError(NOT_A_KEY)
    return str(key)
