"""Properties of vehicle events.

Source: https://github.com/segmentio/action-destinations (tiktok-conversions, vehicle fields; read
2026-11-22). Its longer lists end in "Other" and are offered, not enforced: a value outside them
is a warning.
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import ValidationError

from schemas import catalogue, limits
from schemas.fields import DOUBT, Choice, Text
from schemas.figures import Count, Number
from schemas.lists import ListOf
from schemas.objects import EventObject, Object

NOT_A_RANGE: Final = "must be two numbers, the lowest and the highest price"

_ENDS: Final = 2


class PriceRange(ListOf):
    """The lowest and the highest price."""

    def __init__(self) -> None:
        super().__init__(Number())

    def take(self, value: Any) -> Any:
        """Take two JSON numbers."""
        return super().take(value) if type(value) is list and len(value) == _ENDS else DOUBT

    def mend(self, value: Any) -> Any:
        """Read numeric strings.

        Raises:
            ValidationError: there are not two ends, or one of them is no number.
        """
        if not isinstance(value, list) or len(value) != _ENDS or None in value or "" in value:
            raise ValidationError(NOT_A_RANGE)
        try:
            return self.mend_items(value)
        except ValidationError as error:
            error.valid_data = None  # one end alone is no range
            raise


class Mileage(EventObject):
    """How far the vehicle has gone; 0 for a new one."""

    value = Number()
    unit = Choice(catalogue.MILEAGE_UNITS)


class VehicleProperties(EventObject):
    """The vehicle that was looked at, and what the visitor looks for."""

    postal_code = Text(limits.LABEL_CHARS)
    make = Text(limits.LABEL_CHARS)
    model = Text(limits.LABEL_CHARS)
    year = Count()
    state_of_vehicle = Choice(catalogue.VEHICLE_STATES)
    mileage = Object(Mileage())
    exterior_color = Text(limits.LABEL_CHARS)
    interior_color = Text(limits.LABEL_CHARS)
    transmission = Choice(catalogue.TRANSMISSIONS, open_list=True)
    body_style = Choice(catalogue.BODY_STYLES, open_list=True)
    fuel_type = Choice(catalogue.FUEL_TYPES, open_list=True)
    drivetrain = Choice(catalogue.DRIVETRAINS, open_list=True)
    preferred_price_range = PriceRange()
    trim = Text(limits.LABEL_CHARS)
    vin = Text(limits.LABEL_CHARS)
    condition_of_vehicle = Choice(catalogue.VEHICLE_CONDITIONS, open_list=True)
    viewcontent_type = Text(limits.LABEL_CHARS)
    search_type = Text(limits.LABEL_CHARS)
    registration_type = Text(limits.LABEL_CHARS)
