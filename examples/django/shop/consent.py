"""Whether the visitor has agreed."""

from __future__ import annotations

from django.http import HttpRequest


def may_advertise(request: HttpRequest) -> bool:
    """What the visitor answered to the question on the product page."""
    return request.COOKIES.get("ads") == "yes"
