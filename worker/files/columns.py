"""Match the columns of a table to the fields of an event, by the names that others use.

TikTok's template for offline events has its own names, and labels in place of event names.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from schemas import catalogue
from schemas.values import FieldPath
from tiktok_events.event.key_names import USER_KEYS, meaning
from worker.files.items import ITEM_FIELDS

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
        "url": "page.url",
        "page_url": "page.url",
        "referrer": "page.referrer",
        **ITEM_FIELDS,
    }
)
"""Column → field, for columns that are not named like their field.

Source: https://ads.tiktok.com/help/article/about-events-api-for-offline (read 2026-11-30).
"""


def fields_of(header: Sequence[str], columns: Mapping[str, str]) -> list[list[FieldPath]]:
    """Return the field of each column; a column without a field is left out.

    Args:
        header: the names of the columns.
        columns: field → column, as a person gave them; these win over names of fields, then over
            the template's names, then over names of match keys such as `Phone Number`.
    """
    found = [list(_own_fields(name, columns)) for name in header]
    taken = {field.dotted for fields in found for field in fields}
    for name, fields in zip(header, found, strict=True):
        known = _known_as(name)
        if not fields and known and _is_free(known, taken) and (field := FieldPath.of(known)):
            fields.append(field)
            taken.add(known)
    return found


def _known_as(name: str) -> str | None:
    """Return the field of a column from the template, or with the name of a match key."""
    if known := TEMPLATE.get("_".join(name.lower().split())):
        return known
    meant = meaning(name)
    return f"user.{meant}" if meant in USER_KEYS else None


def _is_free(dotted: str, taken: Container[str]) -> bool:
    whole = dotted.rpartition(".")[0]
    return dotted not in taken and (whole != "properties.contents" or whole not in taken)


def _own_fields(name: str, columns: Mapping[str, str]) -> Iterator[FieldPath]:
    given = [field for field, column in columns.items() if column == name]
    for dotted in given or [name]:
        if (field := FieldPath.of(dotted)) and (given or dotted not in columns):
            yield field


def event_name(cell: str) -> str:
    """Return the event name of a label such as `Complete Payment`; any other text is unchanged."""
    return _LABELS.get(cell.replace(" ", "").casefold(), cell) if " " in cell else cell


_LABELS: Final = {
    name.casefold(): name for name in catalogue.STANDARD_EVENTS | catalogue.FORMER_STANDARD_EVENTS
}
