"""What was done: the order, the search, the contents.

Source: https://business-api.tiktok.com/portal/docs?id=1771101151059969 and
https://ads.tiktok.com/help/article/about-parameters (read 2026-11-22).
"""

from __future__ import annotations

from schemas import catalogue, limits
from schemas.fields import Choice, Text
from schemas.figures import Count, Currency, Number
from schemas.lists import Objects, Texts
from schemas.objects import EventObject
from schemas.travel import TravelProperties
from schemas.vehicle import VehicleProperties


class Content(EventObject):
    """One product of the event; ``price`` is of one unit.

    ``content_type`` belongs beside the contents; TikTok's own template puts it inside, so both
    places are known.
    """

    content_id = Text(limits.ID_CHARS)
    price = Number()
    quantity = Count()
    content_name = Text()
    content_category = Text()
    brand = Text()
    content_type = Choice(catalogue.CONTENT_TYPES)


class Properties(TravelProperties, VehicleProperties):
    """Every property that is known, of shops, travel and vehicles; ``value`` is the total.

    ``query`` and ``status`` are names of the former API that connectors still send.
    """

    contents = Objects(Content())
    content_type = Choice(catalogue.CONTENT_TYPES)
    content_ids = Texts()
    currency = Currency()
    value = Number()
    num_items = Count()
    search_string = Text()
    description = Text()
    order_id = Text(limits.ID_CHARS)
    shop_id = Text(limits.ID_CHARS)
    query = Text()
    status = Text()
    delivery_category = Choice(catalogue.DELIVERY_CATEGORIES)
    predicted_ltv = Number()
