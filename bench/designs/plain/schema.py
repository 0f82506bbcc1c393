"""The event in marshmallow as it is usually written: stock fields and nested schemas.

It stands for the other side of the comparison, so it is neither slowed down nor tuned: it covers
what the samples hold, is made once, and is reused. It runs in the environments of the peers too,
so it imports nothing of ours.
"""

from __future__ import annotations

import time
from typing import Any

from marshmallow import INCLUDE, Schema, ValidationError, fields, validate, validates_schema

EVENT_SOURCES = ("web", "app", "offline", "crm")
CONTENT_TYPES = ("product", "product_group")
CURRENCY_CODES = (
    "AED ARS AUD BDT BHD BIF BOB BRL CAD CHF CLP CNY COP CRC CZK DKK DZD EGP EUR GBP GTQ HKD HNL "
    "HUF IDR ILS INR ISK JPY KES KHR KRW KWD KZT MAD MOP MXN MYR NGN NIO NOK NZD OMR PEN PHP PKR "
    "PLN PYG QAR RON RUB SAR SEK SGD THB TRY TWD UAH USD VES VND ZAR"
)
CURRENCIES = frozenset(CURRENCY_CODES.split())
WEEK_S = 7 * 24 * 3_600
DIGEST = validate.Regexp(r"^[A-Fa-f0-9]{64}$")
ONE_BLOCK_OF = {"web": "page", "app": "app", "crm": "lead"}


class Lenient(Schema):
    """Unknown keys pass, as they do on the other side."""

    class Meta:
        """Options of marshmallow."""

        unknown = INCLUDE


class OneOrMore(fields.Field[Any]):
    """A digest, or an array of them."""

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> Any:
        for item in value if isinstance(value, list) else [value]:
            if not isinstance(item, str):
                raise ValidationError("Not a valid string.")
            DIGEST(item)
        return value


class User(Lenient):
    """Match keys, after hashing."""

    email = OneOrMore()
    phone = OneOrMore()
    external_id = OneOrMore()
    first_name = fields.String(validate=DIGEST)
    last_name = fields.String(validate=DIGEST)
    zip_code = fields.String(validate=DIGEST)
    city = fields.String()
    country = fields.String(validate=validate.Length(equal=2))
    ttclid = fields.String()
    ttp = fields.String()
    ip = fields.IP()
    user_agent = fields.String()
    locale = fields.String()
    idfa = fields.String()
    gaid = fields.String()
    att_status = fields.String()


class Content(Lenient):
    """One line of a basket."""

    content_id = fields.String(required=True)
    content_name = fields.String()
    content_category = fields.String()
    brand = fields.String()
    price = fields.Float(validate=validate.Range(min=0))
    quantity = fields.Integer(validate=validate.Range(min=1))


class Properties(Lenient):
    """What was bought, and for how much."""

    contents = fields.List(fields.Nested(Content))
    content_type = fields.String(validate=validate.OneOf(CONTENT_TYPES))
    currency = fields.String(validate=validate.OneOf(CURRENCIES))
    value = fields.Float(validate=validate.Range(min=0))
    order_id = fields.String()
    search_string = fields.String()
    description = fields.String()


class Page(Lenient):
    """Where it happened."""

    url = fields.Url(required=True, require_tld=False)
    referrer = fields.Url(require_tld=False)


class App(Lenient):
    """The app in which it happened."""

    app_id = fields.String(required=True)
    app_name = fields.String()
    app_version = fields.String()


class Lead(Lenient):
    """Which lead it is about."""

    lead_id = fields.String(required=True)
    lead_event_source = fields.String()


class PlainEvent(Lenient):
    """An event with its destination beside it."""

    event_source = fields.String(required=True, validate=validate.OneOf(EVENT_SOURCES))
    event_source_id = fields.String(required=True)
    event = fields.String(required=True, validate=validate.Length(1, 50))
    event_time = fields.Integer(required=True)
    event_id = fields.String(required=True)
    user = fields.Nested(User)
    properties = fields.Nested(Properties)
    page = fields.Nested(Page)
    app = fields.Nested(App)
    lead = fields.Nested(Lead)
    limited_data_use = fields.Boolean()

    @validates_schema
    def check_source(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """Each source has one block that it cannot do without."""
        block = ONE_BLOCK_OF.get(data["event_source"])
        if block and block not in data:
            raise ValidationError("Missing data for required field.", block)

    @validates_schema
    def check_time(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """The event happened within the last week."""
        if not time.time() - WEEK_S <= data["event_time"] <= time.time() + 3_600:
            raise ValidationError("Too old, or in the future.", "event_time")
