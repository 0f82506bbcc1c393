"""Properties of travel events. Dates are texts: several forms are in use.

Source: https://github.com/segmentio/action-destinations (tiktok-conversions, travel fields; read
2026-11-22).
"""

from __future__ import annotations

from schemas import catalogue, limits
from schemas.fields import Choice, Text
from schemas.figures import Count, Number
from schemas.lists import Texts
from schemas.objects import EventObject


class TravelProperties(EventObject):
    """Hotels, flights and destinations."""

    city = Text(limits.LABEL_CHARS)
    region = Text(limits.LABEL_CHARS)
    country = Text(limits.LABEL_CHARS)
    checkin_date = Text(limits.LABEL_CHARS)
    checkout_date = Text(limits.LABEL_CHARS)
    num_adults = Count()
    num_children = Count()
    num_infants = Count()
    suggested_hotels = Texts()
    departing_departure_date = Text(limits.LABEL_CHARS)
    returning_departure_date = Text(limits.LABEL_CHARS)
    origin_airport = Text(limits.LABEL_CHARS)
    destination_airport = Text(limits.LABEL_CHARS)
    destination_ids = Texts()
    departing_arrival_date = Text(limits.LABEL_CHARS)
    returning_arrival_date = Text(limits.LABEL_CHARS)
    travel_class = Choice(catalogue.TRAVEL_CLASSES)
    user_score = Number()
    preferred_num_stops = Count()
    travel_start = Text(limits.LABEL_CHARS)
    travel_end = Text(limits.LABEL_CHARS)
    suggested_destinations = Texts()
