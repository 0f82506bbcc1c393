"""Match keys, as they are after the client has hashed them."""

from __future__ import annotations

from binascii import unhexlify
from typing import Any, Final

from marshmallow import ValidationError

from schemas import limits
from schemas.fields import DOUBT, EventField

NOT_HASHED: Final = "must be a SHA-256 hex digest; it is hashed by the client before it is enqueued"
NOT_VALUES: Final = f"must be one digest, or an array of 1 to {limits.MATCH_KEY_VALUES}"

_DIGEST_BYTES: Final = 32


class MatchKey(EventField):
    """One SHA-256 hex digest, or several.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101151059969 (read 2026-11-22); raw
    values are refused with code 40062: https://github.com/tiktok/tiktok-business-api-sdk
    """

    def take(self, value: Any) -> Any:
        """Take 64 hex digits, in either case, or a list of such."""
        if type(value) is not list:
            return value if is_digest(value) else DOUBT
        fits = 0 < len(value) <= limits.MATCH_KEY_VALUES
        return value.copy() if fits and all(map(is_digest, value)) else DOUBT

    def mend(self, value: Any) -> Any:
        """Refuse raw values, each at its position."""
        if not isinstance(value, list):
            raise ValidationError(NOT_HASHED)
        if not 0 < len(value) <= limits.MATCH_KEY_VALUES:
            raise ValidationError(NOT_VALUES)
        raw = {at: [NOT_HASHED] for at, item in enumerate(value) if not is_digest(item)}
        if raw:
            raise ValidationError(raw)
        return list(value)


def is_digest(value: Any) -> bool:
    """Return whether the value is 64 hex digits; decoding them is faster than a pattern."""
    try:
        return type(value) is str and len(unhexlify(value)) == _DIGEST_BYTES
    except ValueError:
        return False
