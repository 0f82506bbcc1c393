"""What was done: the order, the search, the contents.

Source: https://business-api.tiktok.com/portal/docs?id=1771101151059969 and
https://ads.tiktok.com/help/article/about-parameters (read 2026-11-22).
"""

from __future__ import annotations

from typing import Final

from schemas import catalogue, limits
from schemas.fields import Choice, CutText, Text
from schemas.figures import Count, Currency, Number, Quantity
from schemas.lists import Objects, Texts
from schemas.objects import EventObject
from schemas.travel import TravelProperties
from schemas.vehicle import VehicleProperties

IN_CONTENTS: Final = "belongs into properties.contents, to its product: here it is sent as it is"
"""A note on keys that a help page lists without their place.

Source: https://ads.tiktok.com/help/article/about-parameters (read 2026-11-30).
"""


class Content(EventObject):
    """One product of the event; ``price`` is of one unit.

    ``content_type`` belongs beside the contents; TikTok's own template puts it inside, so both
    places are known.
    """

    content_id = Text(limits.ID_CHARS)
    price = Number()
    quantity = Quantity()
    content_name = Text()
    content_category = Text()
    brand = Text()
    content_type = Choice(catalogue.CONTENT_TYPES)


class Properties(TravelProperties, VehicleProperties):
    """Every property that is known, of shops, travel and vehicles; ``value`` is the total.

    ``query`` and ``status`` are names of the former API that connectors still send.
    """

    elsewhere = dict.fromkeys(
        ("price", "quantity", "content_name", "content_category", "brand"), IN_CONTENTS
    )

    contents = Objects(Content())
    content_type = Choice(catalogue.CONTENT_TYPES)
    content_ids = Texts()
    currency = Currency()
    value = Number(vital=True)
    num_items = Count()
    search_string = CutText()
    description = CutText()
    order_id = Text(limits.ID_CHARS)
    shop_id = Text(limits.ID_CHARS)
    query = CutText()
    status = Text()
    delivery_category = Choice(catalogue.DELIVERY_CATEGORIES)
    predicted_ltv = Number()
    customer_type = Choice(catalogue.CUSTOMER_TYPES, open_list=True)
