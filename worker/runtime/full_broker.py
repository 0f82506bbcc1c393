"""Let kombu's bookkeeping go on while the broker is full.

A full server still hands out messages, but refuses to note who holds them: kombu 5.7.0
then loses the message it has just taken, and Celery ends the worker, which alone could make
room. And what cannot go back to its queue must not end a worker either: it stays noted
as held, and goes back by itself when the visibility timeout ends.

Remove it when kombu does this in one step that a full server allows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from kombu.transport import virtual
from kombu.transport.redis import QoS
from kombu.utils.json import dumps
from redis import Redis
from redis.exceptions import ResponseError

from tiktok_events.outbox.lua_script import LuaScript
from worker.reporting.outage import is_outage

_MARK: Final = "tiktok_events_full_broker"


def outlive_full_broker() -> None:
    """Replace `QoS.append`, and let `QoS.reject` and `QoS.restore_visible` fail softly; once."""
    if hasattr(QoS, _MARK):
        return
    setattr(QoS, _MARK, True)
    replaced: dict[str, Callable[..., Any]] = {
        "append": _append,
        "reject": _unless_refused(QoS.reject, virtual.QoS.ack),
        "restore_visible": _unless_refused(QoS.restore_visible, _later),
    }
    for name, method in replaced.items():
        setattr(QoS, name, method)


def _append(self: Any, message: Any, delivery_tag: str) -> None:
    info = message.delivery_info
    held = dumps([message._raw, info["exchange"], info["routing_key"]])  # noqa: SLF001 — because kombu keeps nothing else
    prefix = self.channel.global_keyprefix
    keys = [prefix + self.unacked_index_key, prefix + self.unacked_key]
    hold = LuaScript(Redis(connection_pool=self.channel.pool), "worker", "lib/unblocked", "hold")
    hold(keys, [time.time(), delivery_tag, held])
    virtual.QoS.append(self, message, delivery_tag)


def _unless_refused(method: Callable[..., Any], instead: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except ResponseError as error:
            if not is_outage(error):
                raise
            return instead(self, *args[:1])

    return guarded


def _later(*_: Any) -> None:
    """The next sweep will."""
