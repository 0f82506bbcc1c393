"""Answers of the Events API, and who gives them when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from tests.builders import events

PIXEL: Final = "C0FAULTS0PIXEL000000"
OTHER_PIXEL: Final = "C0OTHER00PIXEL000000"
KEY: Final = f"web:{PIXEL}"
A_WEEK_S: Final = 7 * 86_400
SHORT_WINDOW_S: Final = 864
FAST: Final = {"RETRY_BASE_S": "0.05", "RETRY_CAP_S": "0.2"}
Reply = tuple[int, dict[str, str], Any]
"""HTTP status, headers, body."""

YES: Final[Reply] = (200, {}, {"code": 0, "message": "OK", "request_id": "fake-yes", "data": {}})
TIMED_OUT: Final[Reply] = (200, {}, {"code": 50002, "message": "Internal service timed out."})
BAD_GATEWAY: Final[Reply] = (502, {"Content-Type": "text/html"}, b"<html>502 Bad Gateway</html>")
UNAVAILABLE: Final[Reply] = (503, {}, {"error": {"message": "Service Unavailable"}})
NOTHING: Final[Reply] = (200, {}, {})
RESET: Final = None

REFUSED: Final[Reply] = (
    200,
    {},
    {"code": 40002, "message": "Invalid value.", "request_id": "fake-no"},
)

THROTTLED: Final[Reply] = (
    200,
    {"Retry-After": "2"},
    {"code": 40100, "message": "Too many requests."},
)

NO_PERMISSION: Final[Reply] = (200, {}, {"code": 40001, "message": "No permission for this pixel."})


def purchase(event_id: str, pixel: str = PIXEL, **changes: Any) -> dict[str, Any]:
    """A purchase of now, with a key that the API takes."""
    return events.purchase(event_id, pixel, user={"email": "jo@example.com"}, **changes)


def in_turn(*replies: Any) -> Callable[[Any], Any]:
    """One after the other; the last one for ever."""
    left = list(replies)

    def answer(_request: Any) -> Any:
        reply = left.pop(0) if len(left) > 1 else left[0]
        if reply is RESET:
            raise ConnectionResetError
        return reply

    return answer


def refuse(event_id: str, message: str) -> Callable[[Any], Any]:
    """Refuse every request that carries an event, and name its place if the message does."""

    def answer(request: Any) -> Any:
        if event_id not in request.ids:
            return YES
        text = message.format(index=request.ids.index(event_id))
        return 200, {}, {"code": 40002, "message": text, "request_id": f"no-{len(request.ids)}"}

    return answer


def arrived(requests: list[Any]) -> Counter[str]:
    """How often each event is in the requests."""
    return Counter(event_id for request in requests for event_id in request.ids)
