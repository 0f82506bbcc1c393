"""Arrays inside an event: each item judged at its position, a single value wrapped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from marshmallow import ValidationError

from schemas import limits
from schemas.fields import DOUBT, EventField, Text
from schemas.finding import Finding, Kind, Noted, as_noted
from schemas.objects import Object, refusal
from tiktok_events.event.readings import WAS_EMPTY

if TYPE_CHECKING:
    from schemas.objects import EventObject

WRAPPED: Final = "was not an array: it is sent as an array of one"
TOO_MANY_ITEMS: Final = f"must have at most {limits.LIST_ITEMS} items"
NULL_ITEM: Final = "was null: it is left out"


class ListOf(EventField):
    """An array of values of one kind; a single value is wrapped.

    Args:
        item: the field of one value.
    """

    shape = "must be an array"
    wrappable: tuple[type, ...] = ()

    def __init__(self, item: EventField) -> None:
        super().__init__()
        self.item = item

    def take(self, value: Any) -> Any:
        """Take an array of clean values."""
        if type(value) is not list or len(value) > limits.LIST_ITEMS:
            return DOUBT
        taken = list(map(self.take_item, value))
        return DOUBT if DOUBT in taken else taken

    def take_item(self, item: Any) -> Any:
        """Take one value."""
        return self.item.take(item)

    def mend(self, value: Any) -> Any:
        """Wrap a single value, and report on each value at its position.

        Raises:
            ValidationError: of the values, by position.
        """
        if not isinstance(value, list):
            return self._wrap(value)
        if len(value) > limits.LIST_ITEMS:
            raise ValidationError(TOO_MANY_ITEMS)
        return self.mend_items(value)

    def _wrap(self, value: Any) -> Any:
        if value == "":
            return self.drop(WAS_EMPTY)
        if isinstance(value, bool) or not isinstance(value, self.wrappable):
            raise ValidationError(self.shape)
        noted = self.mend_items([value])
        return Noted(noted.value, (Finding("", WRAPPED, Kind.MENDED), *noted.findings))

    def mend_items(self, items: list[Any]) -> Noted:
        """Mend each item.

        Raises:
            ValidationError: of the items, by position.
        """
        values, findings, messages = [], [], {}
        for at, item in enumerate(items):
            noted, sentences = self._mend_item(item)
            findings += [finding.under(str(at)) for finding in noted.findings]
            if sentences:
                messages[at] = sentences
            if noted.value is not None:
                values.append(noted.value)
        result = Noted(values, tuple(findings))
        if messages:
            raise refusal(messages, result)
        return result

    def _mend_item(self, item: Any) -> tuple[Noted, Any]:
        if item is None:
            return Noted(None, (Finding("", NULL_ITEM),)), None
        try:
            return as_noted(self.item.deserialize(item)), None
        except ValidationError as error:
            return as_noted(error.valid_data), error.messages


class Texts(ListOf):
    """An array of strings, such as ids."""

    shape = "must be an array of strings"
    wrappable = (str, int, float)

    def __init__(self, longest: int = limits.ID_CHARS) -> None:
        super().__init__(Text(longest))


class Objects(ListOf):
    """An array of objects."""

    shape = "must be an array of objects"
    wrappable = (Mapping,)

    def __init__(self, schema: EventObject) -> None:
        super().__init__(Object(schema))
        self._item_plan = schema.plan(None)

    def take_item(self, item: Any) -> Any:
        """Take one object by its plan."""
        return self._item_plan.run(item, [])
