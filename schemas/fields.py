"""The base of every field, and the plain kinds: text, choice, flag.

A field has two ways. `take` is one cheap test that passes a clean value on as it is; `mend` sees
only what `take` doubted, and corrects it with a remark or refuses it with a sentence. What is
refused may still have one safe reading, which `salvage` returns. The plan (`schemas.plan`) runs
`take` alone; marshmallow runs all three, and only the first two where the check is strict.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeGuard

from marshmallow import ValidationError, fields

from schemas import limits
from schemas.finding import Finding, Noted, as_noted, mended, note
from tiktok_events.event.readings import BLANKS, WAS_EMPTY, WAS_SPELT, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


OTHER_FORM: Final = "was written in another form: it is sent in the usual one"
IS_REQUIRED: Final = "is required"
WAS_NUMBER: Final = "was a number: it is sent as a string"
NOT_A_STRING: Final = "must be a string"
NOT_UNICODE: Final = "must be valid Unicode text"
DOUBT: Final = object()
"""What `take` answers when a value needs a second look."""

STRICT: Final = ContextVar("STRICT", default=False)
"""Whether what a field refuses ends the event, though it could be salvaged."""

_ID_LIMIT: Final = 10**40
"""Python refuses to print integers of more than some thousand digits."""


class EventField(fields.Field[Any]):
    """A field of an event.

    Args:
        needed: why the key must be there, as the error says it; ``None`` for an optional key,
            whose ``null`` is left out.
        vital: whether an event is none without it; so it is with what is needed, unless this
            says otherwise.

    Attributes:
        reading: by which of `tiktok_events.readings` a refused value is read, if by any.
    """

    reading: ClassVar[str | None] = None

    def __init__(self, *, needed: str | None = None, vital: bool | None = None) -> None:
        super().__init__(
            required=needed is not None,
            allow_none=needed is None,
            error_messages={"required": needed, "null": needed} if needed else None,
        )
        self.needed = needed
        self.vital = needed is not None if vital is None else vital

    @property
    def reading_options(self) -> Sequence[Any]:
        """What the reading has to know of the field."""
        return ()

    def take(self, value: Any) -> Any:
        """Return the value to send if it is clean, ``None`` to leave it out, else `DOUBT`."""
        raise NotImplementedError

    def mend(self, value: Any) -> Any:
        """Return the value to send, or a `Noted` one.

        Raises:
            ValidationError: there is no safe reading; the message says what is allowed.
        """
        raise NotImplementedError

    def salvage(self, value: Any) -> Noted | None:
        """Return the one safe reading of a value that `mend` refused, if it has one."""
        found = read(self.reading, value, self.reading_options) if self.reading else None
        if found is None:
            return None
        changed = found.value is not value
        return (mended if changed else note)(found.value, found.sentence)

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
        if taken is not DOUBT:
            return taken
        try:
            return self.mend(value)
        except ValidationError:
            salvaged = None if STRICT.get() else self.salvage(value)
            if salvaged is None:
                raise
            return salvaged


class Text(EventField):
    """A string; ids are strings too, so a whole number becomes one.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101151059969 (read 2026-11-22); a
    numeric id is refused with code 40002: https://github.com/stape-io/tiktok-tag
    """

    def __init__(
        self,
        longest: int = limits.TEXT_CHARS,
        *,
        needed: str | None = None,
        vital: bool | None = None,
    ) -> None:
        super().__init__(needed=needed, vital=vital)
        self.longest = longest

    def take(self, value: Any) -> Any:
        """Take a string within the bound, neither empty nor with blanks around it."""
        if type(value) is not str or not 0 < len(value) <= self.longest:
            return DOUBT
        if value.strip() is value and (value.isascii() or is_unicode(value)):
            return value
        return DOUBT

    def mend(self, value: Any) -> Any:
        """Turn a whole number into a string; leave blanks around it and an empty string out."""
        if isinstance(value, str):
            return self._mend_text(value)
        return mended(id_text(value), WAS_NUMBER)

    def _mend_text(self, value: str) -> Any:
        trimmed = value.strip()
        if len(value) > self.longest:
            raise ValidationError(f"must be at most {self.longest} characters")
        if not trimmed:
            return self.drop(WAS_EMPTY)
        if not is_unicode(value):
            raise ValidationError(NOT_UNICODE)
        return str(value) if trimmed == value else mended(trimmed, BLANKS)


def takes_any_text(field: object) -> TypeGuard[Text]:
    """Return whether a field takes whatever `Text` takes."""
    return isinstance(field, Text) and type(field).take is Text.take


class CutText(Text):
    """A text whose beginning is useful alone: it is cut where it is too long."""

    reading = "cut"

    @property
    def reading_options(self) -> Sequence[Any]:
        """Where it is cut."""
        return (self.longest,)


class Shaped(Text):
    """A text with a usual form; another form is kept, with a warning.

    Args:
        form: pattern of the usual form.
        advice: the warning.
        spelling: turns a text that differs in spelling alone into its usual form.
    """

    def __init__(self, form: str, advice: str, spelling: Callable[[str], str]) -> None:
        super().__init__(limits.LABEL_CHARS)
        self.spelling = spelling
        self.form = re.compile(form)
        self.is_usual = lru_cache(maxsize=1_024)(self.form.fullmatch)
        self.advice = advice

    def take(self, value: Any) -> Any:
        """Take a text of the usual form."""
        if type(value) is str and len(value) <= self.longest and self.is_usual(value):
            return value
        return DOUBT

    def mend(self, value: Any) -> Any:
        """Spell the text as usual; keep one that cannot be."""
        noted = as_noted(super().mend(value))
        if noted.value is None or not isinstance(value, str):
            return noted
        spelt = self.spelling(noted.value)
        if self.is_usual(spelt):
            return noted if spelt == noted.value else mended(spelt, OTHER_FORM)
        return Noted(noted.value, (*noted.findings, Finding("", self.advice)))


class Choice(EventField):
    """One of a closed list, in its exact spelling.

    A word that is not in the list is left out, and the event goes without it.

    Args:
        options: what is allowed.
        open_list: whether another text passes with a warning, because the list may be incomplete.
    """

    reading = "choice"

    def __init__(self, options: Iterable[str], *, open_list: bool = False) -> None:
        super().__init__()
        self.options = tuple(options)
        self.known = frozenset(self.options)
        self.open_list = open_list

    @property
    def reading_options(self) -> Sequence[Any]:
        """Return the options of the list."""
        return self.options

    def take(self, value: Any) -> Any:
        """Take one of the options."""
        return value if type(value) is str and value in self.known else DOUBT

    def mend(self, value: Any) -> Any:
        """Correct the case; otherwise name what is allowed."""
        if value == "":
            return self.drop(WAS_EMPTY)
        option = self._spelt(value)
        if option is not None:
            return mended(option, WAS_SPELT.format(option))
        if self.open_list and isinstance(value, str) and len(value) <= limits.LABEL_CHARS:
            return self._mend_open(value)
        raise ValidationError(f"must be {self._allowed}")

    def _mend_open(self, value: str) -> Any:
        salvaged = self.salvage(value)
        noted = salvaged or as_noted(Text(limits.LABEL_CHARS).mend(value))
        if salvaged or noted.value is None:
            return noted
        return Noted(noted.value, (*noted.findings, Finding("", f"is usually {self._allowed}")))

    @property
    def _allowed(self) -> str:
        return "one of " + ", ".join(self.options)

    def _spelt(self, value: Any) -> str | None:
        if not isinstance(value, str) or len(value) > limits.LABEL_CHARS:
            return None
        return next((option for option in self.options if option.lower() == value.lower()), None)


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
