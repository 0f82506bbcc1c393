"""The data of ``phonenumbers`` that the client reads numbers by, as one small file.

``make phone-table`` writes it after another version was pinned; a test fails while it is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Final

import orjson
import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberDesc

KINDS: Final = (
    *("premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan"),
    *("voicemail", "fixed_line", "mobile"),
)
"""The kinds of numbers of which one has to fit, if a number is in use."""

_NO_REGION: Final = phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY


def entries() -> dict[str, dict[str, Any]]:
    """Return region → its numbering plan; the main region of a country code comes first.

    What belongs to no region, such as +800, stands under its country code.
    """
    return {
        str(code) if region == _NO_REGION else region: _entry(code, region)
        for code, regions in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items())
        for region in regions
    }


def _entry(code: int, region: str) -> dict[str, Any]:
    found = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    assert found is not None
    general = found.general_desc
    assert general is not None
    entry = {
        "code": str(code),
        "exit": found.international_prefix,
        "prefix": found.national_prefix_for_parsing,
        "rewritten": found.national_prefix_transform_rule,
        "leading": found.leading_digits,
        "general": general.national_number_pattern,
        "lengths": general.possible_length,
        "local": general.possible_length_local_only,
        "kinds": list(_kinds(found)),
    }
    return {name: value for name, value in entry.items() if value}


def _kinds(metadata: PhoneMetadata) -> Iterator[tuple[tuple[int, ...], str]]:
    """Yield lengths with the pattern that numbers of these lengths have, of all kinds together."""
    patterns: dict[tuple[int, ...], dict[str, None]] = {}
    for kind in KINDS:
        description: PhoneNumberDesc | None = getattr(metadata, kind)
        if description is not None and description.national_number_pattern:
            known = patterns.setdefault(description.possible_length, {})
            known[description.national_number_pattern] = None
    for lengths, known in patterns.items():
        yield lengths, "|".join(known)


def text() -> str:
    """Return the file, one region a line."""
    lines = (f'"{region}":{orjson.dumps(entry).decode()}' for region, entry in entries().items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    sys.stdout.write(text())
