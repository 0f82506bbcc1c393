"""Standard events by name: `purchase(value=Money(59.98, "EUR"), page={"url": …}, user={…})`.

Each function returns an `Event` for `Client.track`, under the name that its source gives it. All
functions have this in common:

- All arguments are keywords. Beside its own, each function takes those of `Circumstances`:
  `user`, `page`, `event_id`, `event_source` …, and further `properties`.
- A value is a `Money`, so that it always has its currency.
- TikTok asks for `page` with web events, which all are that name no `event_source`: give it,
  or let the visit tell it (`tiktok_events.web`). A page has its `url`;
  app events need `app` with its `app_id`, CRM events `lead` with its `lead_id`.

Raises:
    InvalidEvent: an argument cannot be what it is meant to be; `path` says which.
    TypeError: no event has such an argument.

Source: https://ads.tiktok.com/help/article/supported-standard-events and, for the names in apps,
https://business-api.tiktok.com/portal/docs?id=1771101111730178 (read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Unpack

from tiktok_events.event.builder import Circumstances, build_event
from tiktok_events.event.money import Money
from tiktok_events.types import Content, Event, Properties


def view_content(
    *,
    contents: Iterable[Content] = (),
    value: Money | None = None,
    **circumstances: Unpack[Circumstances],
) -> Event:
    """Somebody looked at a product or another page of worth."""
    return build_event("ViewContent", circumstances, contents=contents, value=value)


def search(
    *,
    search_string: str,
    contents: Iterable[Content] = (),
    **circumstances: Unpack[Circumstances],
) -> Event:
    """Somebody searched; `contents` are what was found."""
    own: Properties = {"search_string": search_string}
    return build_event("Search", circumstances, own=own, contents=contents)


def add_to_wishlist(
    *,
    contents: Iterable[Content] = (),
    value: Money | None = None,
    **circumstances: Unpack[Circumstances],
) -> Event:
    """Somebody put products on a wish list."""
    return build_event("AddToWishlist", circumstances, contents=contents, value=value)


def add_to_cart(
    *,
    contents: Iterable[Content] = (),
    value: Money | None = None,
    **circumstances: Unpack[Circumstances],
) -> Event:
    """Somebody put products into the cart; `value` is what was added, not the whole cart."""
    return build_event("AddToCart", circumstances, contents=contents, value=value)


def initiate_checkout(
    *,
    contents: Iterable[Content] = (),
    value: Money | None = None,
    **circumstances: Unpack[Circumstances],
) -> Event:
    """Somebody began to check out; `value` is of the whole cart. `Checkout` in apps."""
    return build_event("InitiateCheckout", circumstances, contents=contents, value=value)


def add_payment_info(
    *,
    contents: Iterable[Content] = (),
    value: Money | None = None,
    **circumstances: Unpack[Circumstances],
) -> Event:
    """Somebody gave payment details while checking out."""
    return build_event("AddPaymentInfo", circumstances, contents=contents, value=value)


def purchase(
    *,
    value: Money,
    contents: Iterable[Content] = (),
    order_id: str | None = None,
    **circumstances: Unpack[Circumstances],
) -> Event:
    """Somebody has paid.

    Args:
        value: total of the order; without it TikTok can optimise for no return.
        contents: the products, each with the price of one unit.
        order_id: your id of the order, as text. As `event_id` too it makes a repeat harmless.
        circumstances: as of every event.
    """
    own: Properties = {} if order_id is None else {"order_id": order_id}
    return build_event("Purchase", circumstances, own=own, contents=contents, value=value)


def subscribe(*, value: Money | None = None, **circumstances: Unpack[Circumstances]) -> Event:
    """Somebody subscribed; `value` is what is paid now."""
    return build_event("Subscribe", circumstances, value=value)


def start_trial(*, value: Money | None = None, **circumstances: Unpack[Circumstances]) -> Event:
    """Somebody began a trial."""
    return build_event("StartTrial", circumstances, value=value)


def lead(*, value: Money | None = None, **circumstances: Unpack[Circumstances]) -> Event:
    """Somebody left contact details. `GenerateLead` in apps; the argument `lead` is for CRM."""
    return build_event("Lead", circumstances, value=value)


def complete_registration(
    *, value: Money | None = None, **circumstances: Unpack[Circumstances]
) -> Event:
    """Somebody has registered. `Registration` in apps."""
    return build_event("CompleteRegistration", circumstances, value=value)


def contact(**circumstances: Unpack[Circumstances]) -> Event:
    """Somebody made contact: a call, a chat, a message."""
    return build_event("Contact", circumstances)
