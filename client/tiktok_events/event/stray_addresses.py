"""E-mail addresses where none belongs: in URLs, in texts, in keys; found in the finished event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tiktok_events.errors import InvalidEvent
from tiktok_events.event.addresses import holds_address
from tiktok_events.event.remarks import Reason, Remark, shown
from tiktok_events.event.url_parameters import URL_FIELDS, names_nobody, strip_people

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktok_events.event.remarks import Remarks

_AT, _PERCENT, _ESCAPE, _NUMBER, _BEGINS_WIDE_AT = b"@%\\#\xef"
_WIDE_AT: Final = "\uff20".encode()
_SMALL_AT: Final = "\ufe6b".encode()
_NEEDED: Final = ("event", "event_id")
IN_NAME: Final = "must not hold an e-mail address: it goes to TikTok as it is"


def may_hold_address(encoded: bytes) -> bool:
    """Whether an address could stand in an event's JSON."""
    # Single bytes first, as numbers: they are found a hundred times as fast as sequences.
    return (
        _AT in encoded
        or ((_PERCENT in encoded or _ESCAPE in encoded) and b"40" in encoded)
        or (_NUMBER in encoded and b"&" in encoded and b";" in encoded)
        or (_BEGINS_WIDE_AT in encoded and (_WIDE_AT in encoded or _SMALL_AT in encoded))
    )


def strip_people_of(page: Mapping[str, Any], remarks: Remarks) -> Mapping[str, Any]:
    """Return an event's ``page`` with URLs that say of nobody who it is."""
    for field in URL_FIELDS:
        url = page.get(field)
        if type(url) is str and not names_nobody(url) and (stripped := strip_people(url)) != url:
            page = {**page, field: stripped}
            remarks.append(Remark.parameters_left_out(f"page.{field}"))
    return page


def without_addresses(event: dict[str, Any], remarks: Remarks) -> dict[str, Any]:
    """Return the event without the texts and keys that hold an address.

    Raises:
        InvalidEvent: its name or id holds one; without these it would be no event.
    """
    for key in _NEEDED:
        if isinstance(event.get(key), str) and holds_address(event[key]):
            raise InvalidEvent(IN_NAME, path=key)
    cleaned: dict[str, Any] = _cleaned(event, "", remarks)
    return cleaned


def _cleaned(value: Any, path: str, remarks: Remarks) -> Any:
    if isinstance(value, dict):
        return {
            key: _cleaned(item, _below(path, key), remarks)
            for key, item in value.items()
            if not _goes(key, item, _below(path, key), remarks)
        }
    if isinstance(value, list | tuple):
        return [
            _cleaned(item, path, remarks) for item in value if not _goes("", item, path, remarks)
        ]
    return value


def _goes(key: Any, value: Any, path: str, remarks: Remarks) -> bool:
    goes = any(isinstance(text, str) and holds_address(text) for text in (key, value))
    if goes:
        remarks.append(Remark.left_out(path, "text", Reason.ADDRESS))
    return goes


def _below(path: str, key: Any) -> str:
    return f"{path}.{shown(key)}" if path else shown(key)
