"""A shop on the web, as tests of both halves need it."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import Any

from tiktok_events import Client, Policy
from tiktok_events.web import Visit, WebEvents

EMAIL = "jo@example.com"
DIGEST = sha256(EMAIL.encode()).hexdigest()
AGREED = Visit(Policy(), {"user": {"ttclid": "E.C.P.x"}, "page": {"url": "https://shop.example/"}})
PURCHASE: dict[str, Any] = {
    "event": "Purchase",
    "event_id": "order-1",
    "user": {"email": EMAIL},
    "properties": {"value": 59.98, "currency": "EUR", "order_id": 1001},
}
FAULTY: dict[str, Any] = {"event": "Purchase", "properties": {"value": float("nan")}}


def shop(**options: Any) -> WebEvents:
    """A shop with one Pixel."""
    return WebEvents(Client(event_source_id="C0PIXEL"), **options)


def calls(script: str) -> list[list[Any]]:
    """The calls of a script: name of the method, then its arguments."""
    found = re.findall(r"window\.ttq && ttq\.(\w+)\((.*?)\);(?=window|</script>)", script)
    return [[method, *json.loads(f"[{arguments}]")] for method, arguments in found]
