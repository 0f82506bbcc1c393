"""The base of every field, and the plain kinds: text, choice, flag.

A field has two ways. `take` is one cheap test that passes a clean value on as it is; `mend` sees
only what `take` doubted, and corrects it with a remark or refuses it with a sentence. The plan
(`schemas.plan`) runs `take` alone; marshmallow runs both.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from marshmallow import ValidationError, fields

from schemas import limits
from schemas.finding import Noted, note

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

IS_REQUIRED: Final = "is required"
WAS_NUMBER: Final = "was a number: it is sent as a string"
WAS_EMPTY: Final = "was empty: it is left out"
NOT_A_STRING: Final = "must be a string"
NOT_UNICODE: Final = "must be valid Unicode text"

DOUBT: Final = object()
"""What `take` answers when a value needs a second look."""

_FLAG_SPELLINGS: Final[Mapping[float | str, bool]] = {
    "true": True,
    "false": False,
    "1": True,
    "0": False,
    1: True,
    0: False,
}
_ID_LIMIT: Final = 10**40
"""Python refuses to print integers of more than some thousand digits."""


class EventField(fields.Field[Any]):
    """A field of an event.

    Args:
        needed: why the key must be there, as the error says it; ``None`` for an optional key,
            whose ``null`` is left out.
    """

    def __init__(self, *, needed: str | None = None) -> None:
        super().__init__(
            required=needed is not None,
            allow_none=needed is None,
            error_messages={"required": needed, "null": needed} if needed else None,
        )
        self.needed = needed

    def take(self, value: Any) -> Any:
        """Return the value to send if it is clean, ``None`` to leave it out, else `DOUBT`."""
        raise NotImplementedError

    def mend(self, value: Any) -> Any:
        """Return the value to send, or a `Noted` one.

        Raises:
            ValidationError: there is no safe reading; the message says what is allowed.
        """
        raise NotImplementedError

    def drop(self, message: str) -> Noted:
        """Leave an optional key out; refuse where it is needed."""
        if self.needed is not None:
            raise ValidationError(self.needed)
        return note(None, message)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        del attr, data, kwargs
        taken = self.take(value)
        return self.mend(value) if taken is DOUBT else taken


class Text(EventField):
    """A string; ids are strings too, so a whole number becomes one.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101151059969 (read 2026-11-22); a
    numeric id is refused with code 40002: https://github.com/stape-io/tiktok-tag
    """

    def __init__(self, longest: int = limits.TEXT_CHARS, *, needed: str | None = None) -> None:
        super().__init__(needed=needed)
        self.longest = longest

    def take(self, value: Any) -> Any:
        """Take a string that is neither empty nor over the bound."""
        if type(value) is not str or not 0 < len(value) <= self.longest:
            return DOUBT
        return value if value.isascii() or is_unicode(value) else DOUBT

    def mend(self, value: Any) -> Any:
        """Turn a whole number into a string; leave an empty string out."""
        if isinstance(value, str):
            return self._mend_text(value)
        return note(id_text(value), WAS_NUMBER)

    def _mend_text(self, value: str) -> Any:
        if not value:
            return self.drop(WAS_EMPTY)
        if len(value) > self.longest:
            raise ValidationError(f"must be at most {self.longest} characters")
        if not is_unicode(value):
            raise ValidationError(NOT_UNICODE)
        return str(value)


class Shaped(Text):
    """A text with a usual form; another form is kept, with a warning."""

    def __init__(self, form: str, advice: str) -> None:
        super().__init__(limits.LABEL_CHARS)
        self.form = re.compile(form)
        self.is_usual = lru_cache(maxsize=1_024)(self.form.fullmatch)
        self.advice = advice

    def take(self, value: Any) -> Any:
        """Take a text of the usual form."""
        if type(value) is str and len(value) <= self.longest and self.is_usual(value):
            return value
        return DOUBT

    def mend(self, value: Any) -> Any:
        """Keep any other text."""
        if isinstance(value, str) and value:
            return note(self._mend_text(value), self.advice)
        return super().mend(value)


class Choice(EventField):
    """One of a closed list, in its exact spelling.

    Args:
        options: what is allowed.
        open_list: whether another text passes with a warning, because the list may be incomplete.
    """

    def __init__(self, options: Iterable[str], *, open_list: bool = False) -> None:
        super().__init__()
        self.options = tuple(options)
        self.known = frozenset(self.options)
        self.open_list = open_list

    def take(self, value: Any) -> Any:
        """Take one of the options."""
        return value if type(value) is str and value in self.known else DOUBT

    def mend(self, value: Any) -> Any:
        """Correct the case; otherwise name what is allowed."""
        if value == "":
            return self.drop(WAS_EMPTY)
        option = self._spelt(value)
        if option is not None:
            return note(option, f"was spelt differently: it is sent as {option}")
        if self.open_list and isinstance(value, str) and len(value) <= limits.LABEL_CHARS:
            return note(Text(limits.LABEL_CHARS).mend(value), f"is usually {self._allowed}")
        raise ValidationError(f"must be {self._allowed}")

    @property
    def _allowed(self) -> str:
        return "one of " + ", ".join(self.options)

    def _spelt(self, value: Any) -> str | None:
        if not isinstance(value, str) or len(value) > limits.LABEL_CHARS:
            return None
        return next((option for option in self.options if option.lower() == value.lower()), None)


class Flag(EventField):
    """True or false."""

    def take(self, value: Any) -> Any:
        """Take a JSON boolean."""
        return value if value is True or value is False else DOUBT

    def mend(self, value: Any) -> Any:
        """Read the usual spellings: a lost privacy flag would be worse than a warning."""
        if value == "":
            return self.drop(WAS_EMPTY)
        spelling = value.lower() if isinstance(value, str) else value
        if isinstance(spelling, int | float | str) and spelling in _FLAG_SPELLINGS:
            return note(_FLAG_SPELLINGS[spelling], "was not a boolean: it is sent as one")
        raise ValidationError("must be true or false")


def is_unicode(value: str) -> bool:
    """Return whether UTF-8 can carry the text; JSON escapes can make half characters."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def id_text(value: Any) -> str:
    """Return a whole number as the string an id has to be.

    Raises:
        ValidationError: not a whole number, or a float too large to be exact.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValidationError(NOT_A_STRING)
    exact = limits.EXACT_FLOAT if isinstance(value, float) else _ID_LIMIT
    if not -exact < value < exact or value != int(value):
        raise ValidationError(NOT_A_STRING)
    return str(int(value))
