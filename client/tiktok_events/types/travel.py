"""Properties of travel events. Dates are texts: several forms are in use."""

from __future__ import annotations

from typing import Literal, TypeAlias, TypedDict

from tiktok_events.types.amounts import Amount

TravelClass: TypeAlias = Literal["eco", "prem", "bus", "first"]
"""Economy, premium economy, business, first."""


class TravelProperties(TypedDict, total=False):
    """Hotels, flights and destinations.

    Source: https://github.com/segmentio/action-destinations (tiktok-conversions, travel fields;
    read 2026-11-22).
    """

    city: str
    """City of the hotel or destination."""

    region: str
    """Region of the hotel or destination."""

    country: str
    """Country of the hotel or destination."""

    checkin_date: str
    """Day of arrival at the hotel, such as `2027-05-01`."""

    checkout_date: str
    """Day of departure from the hotel, such as `2027-05-08`."""

    num_adults: int
    """How many adults travel."""

    num_children: int
    """How many children travel."""

    num_infants: int
    """How many infants travel."""

    suggested_hotels: list[str]
    """Ids of hotels that were suggested."""

    departing_departure_date: str
    """Day on which the outward journey begins."""

    departing_arrival_date: str
    """Day on which the outward journey ends."""

    returning_departure_date: str
    """Day on which the return journey begins."""

    returning_arrival_date: str
    """Day on which the return journey ends."""

    origin_airport: str
    """IATA code of the airport of departure, such as `BER`."""

    destination_airport: str
    """IATA code of the airport of arrival, such as `LIS`."""

    destination_ids: list[str]
    """Ids of the destinations, as in the catalogue."""

    travel_class: TravelClass
    """Class of the seat."""

    user_score: Amount
    """Score of the user, in your own scale."""

    preferred_num_stops: int
    """How many stops are preferred; 0 for a direct flight."""

    travel_start: str
    """Day on which the whole journey begins."""

    travel_end: str
    """Day on which the whole journey ends."""

    suggested_destinations: list[str]
    """Ids of destinations that were suggested."""
