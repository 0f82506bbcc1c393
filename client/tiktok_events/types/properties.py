"""What was done: the order, the search, the contents."""

from __future__ import annotations

from typing import Literal, TypeAlias, TypedDict

from tiktok_events.types.amounts import Amount
from tiktok_events.types.travel import TravelProperties
from tiktok_events.types.vehicle import VehicleProperties

ContentType: TypeAlias = Literal[
    "product", "product_group", "hotel", "flight", "destination", "vehicle"
]
"""Whether the content ids are of single articles (SKUs) or of item groups."""

DeliveryCategory: TypeAlias = Literal["in_store", "curbside", "home_delivery"]
"""How an order reaches the buyer."""


class Content(TypedDict, total=False):
    """One product of the event.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101151059969 (read 2026-11-22).
    """

    content_id: str
    """SKU or item group as in the catalogue; text, because TikTok refuses a number."""

    price: Amount
    """Price of one unit, in `properties.currency`."""

    quantity: Amount
    """How many units, or how much of what is sold by weight."""

    content_name: str
    """Name of the product."""

    content_category: str
    """Category of the product."""

    brand: str
    """Brand of the product."""

    content_type: ContentType
    """Belongs beside `contents`; TikTok's own template puts it here, so it is known here too."""


class Properties(TravelProperties, VehicleProperties, total=False):
    """What was done; the keys of travel and vehicle shops are among them.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101151059969 and
    https://ads.tiktok.com/help/article/about-parameters (read 2026-11-22).
    """

    value: Amount
    """Total of the order, in `currency`: no symbol, no separator, not of one unit."""

    currency: str
    """ISO 4217 code of `value` and of each `price`, in upper case, such as `EUR`."""

    contents: list[Content]
    """The products, one entry each; at most 1,000."""

    content_type: ContentType
    """What the content ids are: `product` for SKUs, `product_group` for groups."""

    content_ids: list[str]
    """SKUs or item groups. Not together with `contents`, which has them already."""

    num_items: int
    """How many items in all."""

    search_string: str
    """What was searched for."""

    description: str
    """Free text about the event."""

    order_id: str
    """Your id of the order, as text."""

    shop_id: str
    """Your id of the shop, as text."""

    query: str
    """Former name of `search_string`."""

    status: str
    """Status of the order or registration; a name of the former API."""

    delivery_category: DeliveryCategory
    """How the order reaches the buyer."""

    predicted_ltv: Amount
    """What the customer is expected to spend over all time, in `currency`."""

    customer_type: str
    """`new` or `returning`."""
