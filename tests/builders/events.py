"""Events as an application tracks them."""

from __future__ import annotations

from typing import Any


def purchase(event_id: str, pixel: str | None = None, **changes: Any) -> dict[str, Any]:
    """A purchase of now that the API takes; of this pixel, or of the client's default."""
    return _event("Purchase", event_id, pixel, "https://shop.example/thanks") | changes


def pageview(event_id: str, pixel: str, **changes: Any) -> dict[str, Any]:
    """A look at a page of this pixel, by somebody without an e-mail address."""
    return _event("Pageview", event_id, pixel, "https://shop.example/") | changes


def _event(name: str, event_id: str, pixel: str | None, url: str) -> dict[str, Any]:
    event = {
        "event": name,
        "event_id": event_id,
        "user": {"external_id": "user-7"},
        "page": {"url": url},
    }
    return event | ({"event_source_id": pixel} if pixel else {})
