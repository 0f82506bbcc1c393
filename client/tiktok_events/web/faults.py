"""Log and count faults of what a page reports, because a checkout must not fail by one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tiktok_events.errors import TikTokEventsError
from tiktok_events.outbox.tally import Tally
from tiktok_events.web.settings import OnInvalid

_log: Final = logging.getLogger("tiktok_events.web")
_faults: Final = Tally()
"""Counted per process: views make any number of `WebEvents`, but a metric needs one count."""


def faulty_events() -> int:
    """Return how many events the web helpers of this process did not report because of a fault."""
    return _faults.count


@contextmanager
def guarded(on_invalid: OnInvalid) -> Iterator[None]:
    """Log and count an exception raised inside and go on, or let it pass.

    Our own errors hold no value of an event, so their text is logged. Of any other error, such as
    one of a policy's function, only the type is.

    Args:
        on_invalid: ``log`` or ``raise``.
    """
    try:
        yield
    except Exception as error:
        if on_invalid == "raise":
            raise
        _faults.add(1)
        text = f"{type(error).__name__}: {error}" if isinstance(error, TikTokEventsError) else ""
        _log.warning("an event is not reported: %s", text or type(error).__name__)
