"""Read the visitor's locale from ``Accept-Language``, as a BCP 47 tag."""

from __future__ import annotations

import re
from typing import Final

MOST_RANGES: Final = 32
"""How many tags are read; browsers send a handful."""

TAG_CHARS: Final = 35
"""The length of tags that RFC 5646 section 4.4.1 tells programs to support."""

_RANGE: Final = re.compile(
    r"\s*(?P<tag>[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*)\s*"
    r"(?:;\s*q\s*=\s*(?P<weight>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?"
)
_SCRIPT_CHARS: Final = 4
_REGION_CHARS: Final = 2


def preferred_locale(accept_language: str) -> str | None:
    """Return the tag with the greatest weight, the first of equals, or ``None`` without any.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101151059969 (BCP 47) and
    https://www.rfc-editor.org/rfc/rfc9110 section 12.5.4 (both read 2026-11-22).
    """
    best, best_weight = None, 0.0
    for part in accept_language.split(",", MOST_RANGES)[:MOST_RANGES]:
        match = _RANGE.fullmatch(part)
        if match is None or len(match["tag"]) > TAG_CHARS:
            continue
        weight = float(match["weight"] or 1)
        if weight > best_weight:
            best, best_weight = match["tag"], weight
    return best and _usual_case(best)


def _usual_case(tag: str) -> str:
    """Return ``zh-Hant-TW`` for ``ZH-hant-tw``; case means nothing, but comparisons may see it.

    Source: https://www.rfc-editor.org/rfc/rfc5646 section 2.1.1 (read 2026-11-22).
    """
    language, *rest = tag.lower().split("-")
    parts, in_extension = [language], False
    for part in rest:
        in_extension = in_extension or len(part) == 1
        parts.append(part if in_extension else _cased(part))
    return "-".join(parts)


def _cased(part: str) -> str:
    if len(part) == _REGION_CHARS:
        return part.upper()
    return part.title() if len(part) == _SCRIPT_CHARS and part.isalpha() else part
