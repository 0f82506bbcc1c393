"""Find e-mail addresses and phone numbers where none belongs: in URLs, texts and keys.

The finished event is searched: a phone number is found by its plus, other personal data by the name
before it in JSON.
"""

from __future__ import annotations

import re
from itertools import compress
from operator import not_
from typing import TYPE_CHECKING, Any, Final

from tiktok_events.errors import InvalidEvent
from tiktok_events.event.addresses import decodes_to_address, hides_address, holds_address
from tiktok_events.event.key_names import ANYWHERE, DOCUMENTED, meaning
from tiktok_events.event.remarks import Reason, Remark, shown
from tiktok_events.event.url_parameters import URL_FIELDS, is_link, names_nobody, strip_people

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktok_events.event.remarks import Remarks

_AT, _PLUS, _ESCAPE, _PERCENT, _NUMBER, _BEGINS_WIDE = b"@+\\%#\xef"
_ESCAPED_ESCAPE: Final = b"\\\\"
_NAME_IN_TEXT: Final = b'\\":'
_WIDE_AT: Final = "\uff20".encode()
_SMALL_AT: Final = "\ufe6b".encode()
_plus_number: Final = re.compile(rb"\+[1-9][0-9 ().-]{7}").search
_NAMES_IN_TEXT: Final = re.compile(r"[\w\-. ]{2,60}(?=\\*[\"']\s*:)")
_SHORTEST_CODED: Final = 16
NEEDED: Final = ("event", "event_id")
IN_NAME: Final = "must not hold an e-mail address or a phone number: it goes to TikTok as it is"


def may_hold_address(encoded: bytes) -> bool:
    """Return whether an event's JSON could hold an address, or JSON within a text."""
    # Single bytes first, as numbers: they are found a hundred times as fast as sequences.
    return (
        _AT in encoded
        or (_ESCAPE in encoded and (_ESCAPED_ESCAPE in encoded or _NAME_IN_TEXT in encoded))
        or (_PLUS in encoded and _plus_number(encoded) is not None)
        or (_PERCENT in encoded and (b"40" in encoded or b"2B" in encoded or b"2b" in encoded))
        or (_NUMBER in encoded and b"&#" in encoded)
        or (_BEGINS_WIDE in encoded and (_WIDE_AT in encoded or _SMALL_AT in encoded))
    )


def may_hide_address(properties: Any) -> bool:
    """Return whether a text of an event's properties may be an encoded address."""
    if type(properties) is dict:
        for text in properties.values():
            if type(text) is str and len(text) >= _SHORTEST_CODED and may_be_coded(text):
                return True
    return False


def may_be_coded(text: str) -> bool:
    """Return whether a text may be an address in base64, hex or another encoding."""
    if len(text) < _SHORTEST_CODED:
        return False
    if "=" in text or ("&" in text and ("&#" in text or ";" in text)):
        return True
    return " " not in text and decodes_to_address(text)


def strip_people_of(page: Mapping[str, Any], remarks: Remarks) -> Mapping[str, Any]:
    """Return an event's ``page`` with URLs that identify nobody."""
    for field in URL_FIELDS:
        if field not in page or type(url := page[field]) is not str or names_nobody(url):
            continue
        if (stripped := strip_people(url)) != url:
            page = {**page, field: stripped or None}
            remarks.append(Remark.parameters_left_out(f"page.{field}"))
    return page


def without_addresses(event: dict[str, Any], remarks: Remarks) -> dict[str, Any]:
    """Return the event without the texts and keys that hold an address.

    Raises:
        InvalidEvent: the event's name or id, which it needs, holds an address.
    """
    for key in NEEDED:
        if isinstance(event.get(key), str) and holds_address(event[key]):
            raise InvalidEvent(IN_NAME, path=key)
    cleaned: dict[str, Any] = _cleaned(event, "", remarks)
    return cleaned


def _cleaned(value: Any, path: str, remarks: Remarks) -> Any:
    if isinstance(value, dict):
        kept = {}
        for key, item in value.items():
            if _goes(key, item):
                remarks.append(Remark.left_out(_below(path, key), "text", Reason.ADDRESS))
            elif isinstance(item, dict | list | tuple | str):
                kept[key] = _cleaned(item, _below(path, key), remarks)
            else:
                kept[key] = item
        return kept
    if isinstance(value, list | tuple):
        gone = [_goes("", item) for item in value]
        remarks += [Remark.left_out(path, "text", Reason.ADDRESS)] * sum(gone)
        return [_cleaned(item, path, remarks) for item in compress(value, map(not_, gone))]
    return _stripped(value, path, remarks) if isinstance(value, str) else value


def _stripped(text: str, path: str, remarks: Remarks) -> str:
    stripped = strip_people(text) if is_link(text) else text
    if stripped != text:
        remarks.append(Remark.parameters_left_out(path))
    return stripped


def _goes(key: Any, value: Any) -> bool:
    if isinstance(value, str) and _says_who(value):
        return True
    return key not in DOCUMENTED and isinstance(key, str) and _says_who(key)


def _says_who(text: str) -> bool:
    """Return whether a text holds an address, or JSON with the name of a match key."""
    if hides_address(text):
        return True
    return '":' in text and any(meaning(name) in ANYWHERE for name in _NAMES_IN_TEXT.findall(text))


def _below(path: str, key: Any) -> str:
    return f"{path}.{shown(key)}" if path else shown(key)
