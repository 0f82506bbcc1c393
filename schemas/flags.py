"""Flags: yes or no, however it was spelt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from marshmallow import ValidationError

from schemas.fields import DOUBT, EventField
from schemas.finding import mended
from tiktok_events.event.readings import WAS_EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping

_FLAG_SPELLINGS: Final[Mapping[float | str, bool]] = {
    "true": True,
    "false": False,
    "1": True,
    "0": False,
    1: True,
    0: False,
}


class Flag(EventField):
    """True or false."""

    reading = "flag"

    def take(self, value: Any) -> Any:
        """Take a JSON boolean."""
        return value if value is True or value is False else DOUBT

    def mend(self, value: Any) -> Any:
        """Read the usual spellings: a lost privacy flag would be worse than a warning."""
        if value == "":
            return self.drop(WAS_EMPTY)
        spelling = value.lower() if isinstance(value, str) else value
        if isinstance(spelling, int | float | str) and spelling in _FLAG_SPELLINGS:
            return mended(_FLAG_SPELLINGS[spelling], "was not a boolean: it is sent as one")
        raise ValidationError("must be true or false")


class Limit(Flag):
    """A flag that limits what is done with the data: what cannot be read limits too."""

    reading = "limit"
