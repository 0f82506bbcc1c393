"""Say why nothing is sent for a value of ``user``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tiktok_events.event.addresses import addresses_in
from tiktok_events.event.junk import JUNK_DIGESTS, JUNK_WORDS, is_junk, is_placeholder
from tiktok_events.event.match_rules import holds_half_character, trim
from tiktok_events.event.phone import read_phone
from tiktok_events.event.remarks import Reason, Remark

if TYPE_CHECKING:
    from collections.abc import Iterator

HALF_CHARACTER: Final = "It holds half a character, which UTF-8 cannot write."


def why_left_out(key: str, unsent: Any, region: str | None) -> Iterator[Remark]:
    """Return the reason why nothing is sent for a value, or list, that is not empty."""
    for value in unsent if isinstance(unsent, list | tuple) else [unsent]:
        if not isinstance(value, str):
            if value is not None:
                yield Remark.left_out(f"user.{key}", key, _why_no_text(value))
        elif text := trim(value):
            yield _remark(key, text, region)


def _why_no_text(value: Any) -> Reason:
    is_figure = isinstance(value, int | float) and not isinstance(value, bool)
    return Reason.NOTHING if is_figure else Reason.WRONG_TYPE


def _remark(key: str, text: str, region: str | None) -> Remark:
    path = f"user.{key}"
    if looks_junk(key, text):
        return Remark.left_out(path, key, Reason.JUNK)
    if key == "phone":
        reason = read_phone(text, region).reason
        counter = f"left_out:phone:{reason.name.lower()}"
        return Remark(path, counter, f"It is left out. {reason.value}")
    return Remark.left_out(path, key, Reason.NO_ADDRESS if key == "email" else Reason.NOTHING)


def looks_junk(key: str, text: str) -> bool:
    """Return whether a trimmed text, or a digest, is the same for many people."""
    if key not in JUNK_WORDS:
        return False
    if is_junk(key, text) or text.lower() in JUNK_DIGESTS[key]:
        return True
    if key != "email" or holds_half_character(text):
        return False
    found = addresses_in(text.lower())
    return all(map(is_placeholder, [found] if isinstance(found, str) else found))
