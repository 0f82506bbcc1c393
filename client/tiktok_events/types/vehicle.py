"""Properties of vehicle events."""

from __future__ import annotations

from typing import Literal, TypeAlias, TypedDict

from tiktok_events.types.amounts import Amount

VehicleState: TypeAlias = Literal["New", "Used", "CPO"]
"""`CPO` is certified pre-owned."""


class Mileage(TypedDict, total=False):
    """How far the vehicle has been driven."""

    value: Amount
    """The distance in `unit`; 0 for a new vehicle."""

    unit: Literal["MI", "KM"]
    """Miles or kilometres."""


class VehicleProperties(TypedDict, total=False):
    """The vehicle that was looked at, and what the visitor looks for.

    Source: https://github.com/segmentio/action-destinations (tiktok-conversions, vehicle fields;
    read 2026-11-22).
    """

    postal_code: str
    """Postal code of where the vehicle stands, as text."""

    make: str
    """Manufacturer."""

    model: str
    """Model."""

    year: int
    """Year of the model."""

    state_of_vehicle: VehicleState
    """New, used, or certified pre-owned."""

    mileage: Mileage
    """How far it has gone."""

    exterior_color: str
    """Colour outside."""

    interior_color: str
    """Colour inside."""

    transmission: str
    """Usually `Automatic`, `Manual` or `Other`."""

    body_style: str
    """Usually `Convertible`, `Coupe`, `Hatchback`, `Minivan`, `Truck`, `SUV`, `Sedan`, `Van`,
    `Wagon`, `Crossover` or `Other`."""

    fuel_type: str
    """Usually `Diesel`, `Electric`, `Flex`, `Gasoline`, `Hybrid` or `Other`."""

    drivetrain: str
    """Usually `AWD`, `FOUR_WD`, `FWD`, `RWD`, `TWO_WD` or `Other`."""

    preferred_price_range: list[Amount]
    """Two amounts in `currency`: the lowest and the highest price."""

    trim: str
    """Trim of the vehicle."""

    vin: str
    """Vehicle identification number."""

    condition_of_vehicle: str
    """Usually `Excellent`, `Good`, `Fair`, `Poor` or `Other`."""

    viewcontent_type: str
    """Kind of page that was viewed."""

    search_type: str
    """Kind of search."""

    registration_type: str
    """Kind of registration."""
