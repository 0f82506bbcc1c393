"""Read the columns of a table that describe products: one a row, or several between bars.

TikTok's template for offline events has such columns. A row with three ids, three prices and one
brand has three products of that brand.
"""

from __future__ import annotations

import re
from typing import Any, Final

from schemas.values import FieldPath
from tiktok_events.types import Content

_BEFORE: Final = "properties.contents."
_BETWEEN: Final = re.compile(r"\s*[;|]\s*")

ITEM_FIELDS: Final = {name: _BEFORE + name for name in Content.__annotations__}
"""Column of TikTok's template → field; `content_type` belongs beside the products."""

del ITEM_FIELDS["content_type"]
_OF_ALL: Final = frozenset({"content_name", "content_category", "brand"})
"""Fields that all products of a row may share."""


def is_item(field: FieldPath) -> bool:
    """Return whether a field is one of a product."""
    return field.dotted.startswith(_BEFORE)


def parts_of(text: str) -> list[str]:
    """Return what a cell says of each product."""
    return _BETWEEN.split(text.strip(" ;|"))


def into_contents(event: dict[str, Any]) -> None:
    """Make products of what the cells of a row said, each as a list; this changes the event.

    A list with another number of products than there are is left out.
    """
    properties = event.get("properties")
    if not isinstance(properties, dict):
        return
    said = properties.get("contents")
    if not (said and isinstance(said, dict) and all(isinstance(v, list) for v in said.values())):
        return  # another column, with JSON, has the products
    count = len(said.get("content_id") or max(said.values(), key=len))
    for name, values in said.items():
        if len(values) == 1 and name in _OF_ALL:
            said[name] = values * count
    usable = {name: values for name, values in said.items() if len(values) == count}
    properties["contents"] = [
        {name: values[at] for name, values in usable.items() if values[at] is not None}
        for at in range(count)
    ]
