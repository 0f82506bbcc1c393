"""Faults of what a page reports: logged and counted, because a checkout must not end by one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, get_args

from tiktok_events.errors import InvalidSetting, TikTokEventsError
from tiktok_events.outbox.tally import Tally
from tiktok_events.web.settings import OnInvalid, WebSettings

_log: Final = logging.getLogger("tiktok_events.web")
_faults: Final = Tally()


def faulty_events() -> int:
    """How many events the web helpers of this process did not report, because of a fault."""
    return _faults.count


@contextmanager
def guarded(on_invalid: OnInvalid | None = None) -> Iterator[None]:
    """Log and count what is raised inside, and go on behind; or let it pass.

    Our own errors hold no value of an event, so they are logged with their text; of any other,
    such as one of a policy's function, only the type is.

    Args:
        on_invalid: by default the setting ``ON_INVALID``.

    Raises:
        InvalidSetting: it is neither of the two.
    """
    chosen = WebSettings.load().on_invalid if on_invalid is None else on_invalid
    if chosen not in get_args(OnInvalid):
        raise InvalidSetting(f"on_invalid must be one of {', '.join(get_args(OnInvalid))}")
    try:
        yield
    except Exception as error:
        if chosen == "raise":
            raise
        _faults.add(1)
        text = f"{type(error).__name__}: {error}" if isinstance(error, TikTokEventsError) else ""
        _log.warning("an event is not reported: %s", text or type(error).__name__)
