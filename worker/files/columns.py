"""What the columns of a table are called, by whom, and for which field of an event they stand.

TikTok's own template for offline events has names of its own, and labels in place of event names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from schemas import catalogue
from schemas.values import FieldPath

TEMPLATE: Final = MappingProxyType(
    {
        "event_type": "event",
        "event_name": "event",
        "timestamp": "event_time",
        "email": "user.email",
        "phone": "user.phone",
        "phone_number": "user.phone",
        "external_id": "user.external_id",
        "value": "properties.value",
        "currency": "properties.currency",
        "order_id": "properties.order_id",
        "shop_id": "properties.shop_id",
        "content_type": "properties.content_type",
        "description": "properties.description",
        "query": "properties.query",
        "lead_id": "lead.lead_id",
        "event_set_id": "event_source_id",
    }
)
"""Column → field, where no column is named like the field itself.

Source: https://ads.tiktok.com/help/article/about-events-api-for-offline (read 2026-11-30).
"""


def fields_of(header: Sequence[str], columns: Mapping[str, str]) -> list[list[FieldPath]]:
    """Where the cells of each column go; a column that is no field goes nowhere.

    Args:
        header: the names of the columns.
        columns: field → column, as a person gave them; these win over names, names over the
            template's.
    """
    found = [list(_own_fields(name, columns)) for name in header]
    taken = {field.dotted for fields in found for field in fields}
    for name, fields in zip(header, found, strict=True):
        known = TEMPLATE.get("_".join(name.lower().split()))
        if not fields and known and known not in taken and (field := FieldPath.of(known)):
            fields.append(field)
    return found


def _own_fields(name: str, columns: Mapping[str, str]) -> Iterator[FieldPath]:
    given = [field for field, column in columns.items() if column == name]
    for dotted in given or [name]:
        if (field := FieldPath.of(dotted)) and (given or dotted not in columns):
            yield field


def event_name(cell: str) -> str:
    """The name behind a label such as `Complete Payment`; any other text stays as it is."""
    return _LABELS.get(cell.replace(" ", "").casefold(), cell) if " " in cell else cell


_LABELS: Final = {
    name.casefold(): name for name in catalogue.STANDARD_EVENTS | catalogue.FORMER_STANDARD_EVENTS
}
