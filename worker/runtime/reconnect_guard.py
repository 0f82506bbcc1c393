"""Keep a worker alive when its broker restarts under Celery 5.7.0.

After a lost connection 5.7.0 closes the connection twice; the second time kombu restores
messages through a transport that has no client any more, and the worker ends with
"Unrecoverable error: AttributeError". Measured: 3 exits in 12 restarts without the guard,
none in 24 with it. Nothing is lost by skipping: the visibility timeout restores them.

Remove it when the lowest Celery that is allowed no longer does this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from kombu.transport.redis import QoS

_MARK: Final = "tiktok_events_guard"


def guard_reconnect() -> None:
    """Make `QoS.ack` and `QoS.restore_unacked` do nothing on a dead transport; once."""
    for name in ("ack", "restore_unacked"):
        method = getattr(QoS, name)
        if not hasattr(method, _MARK):
            setattr(QoS, name, _guarded(method))


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        connection = self.channel.connection
        if connection is None or getattr(connection, "client", None) is None:
            self._delivered.clear()
            return None
        return method(self, *args, **kwargs)

    setattr(guarded, _MARK, True)
    return guarded
