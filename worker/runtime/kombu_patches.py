"""What this process makes kombu's Redis transport do differently, and why.

Three of its classes are extended. Each patch names the version in which it was needed;
`tests/integration/runtime/test_kombu_patches.py` fails when kombu or redis-py no longer needs it.

kombu 5.7.0  A channel takes messages as they come. One that is no JSON, or whose envelope lacks a
             key, raises in the worker's event loop and ends the worker. So a bell is read and
             written anew before kombu sees it, and whatever else stands in that queue is handed
             over to where events are read.
kombu 5.7.0  A channel notes in Redis which messages it holds, and puts them back when it is
             closed. That write loses the message on a full server, and it raises AttributeError
             on a connection that was closed twice, which ends the worker (Celery 5.7.0 does so
             after a lost connection). Bells may be lost, so nothing is noted.
redis 8.1.0  A connection that a Sentinel named asks for the primary when its pool hands it out, and
             goes back to the same server when it connects again by itself. After a planned
             failover Celery tries for ever at a server that has become a replica. Ours asks in
             every connect.
kombu 5.7.0  A channel closes its connections to the Sentinels only with redis-py 8.1.0 or later.
             With an older one each lost broker leaves a socket behind. Ours closes them with any.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import Any, Final

from kombu.transport import virtual
from kombu.transport.redis import (
    Channel,
    PrefixedStrictRedis,
    SentinelChannel,
    SentinelTransport,
    Transport,
)
from redis import Redis

from tiktok_events.connection.primary import LedConnection, LedTlsConnection
from tiktok_events.outbox.broker_keys import DOORBELL_QUEUE, BrokerKeys
from worker.runtime.bells import Strays, heard

_POPPED: Final = "BRPOP"


def patch_kombu() -> None:
    """Make its transports use the classes below."""
    Transport.Channel = BellChannel
    SentinelTransport.Channel = SentinelBellChannel


class BellRedis(PrefixedStrictRedis):
    """Hands out bells, in the form in which Celery understands them."""

    def parse_response(self, connection: Any, command_name: str, **options: Any) -> Any:
        """Read one reply; what is no bell is handed over, and was never popped for kombu."""
        reply = super().parse_response(connection, command_name, **options)
        if command_name != _POPPED or not reply:
            return reply
        queue, message = reply
        if not queue.startswith(DOORBELL_QUEUE.encode()):
            return reply
        bell = heard(message)
        if bell is None:
            self._strays.hand_over(message)
            return None
        return queue, bell

    @cached_property
    def _strays(self) -> Strays:
        keys = BrokerKeys.under(self.global_keyprefix)
        return Strays(Redis(connection_pool=self.connection_pool), keys)


class ForgetfulQoS(virtual.QoS):
    """Counts what is under way, so that no more is taken than can be run; and notes nothing."""

    restore_at_shutdown = False

    def reject(self, delivery_tag: Any, requeue: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 — because kombu calls it so
        """A bell that was not heard is rung again by the next look."""
        self.ack(delivery_tag)


class _Bells:
    """Sends bells over a channel of kombu's."""

    def _get_client(self: Any) -> Any:
        return partial(BellRedis, global_keyprefix=self.global_keyprefix)

    def close(self: Any) -> None:
        """Close, and wait for no bell that may be on its way: a paused server sends none."""
        self._in_poll = None
        super().close()  # type: ignore[misc]  # a mixin


class BellChannel(_Bells, Channel):
    """Takes nothing but bells from the doorbell's queue."""

    QoS = ForgetfulQoS  # type: ignore[assignment]  # kombu's own notes in Redis


class SentinelBellChannel(_Bells, SentinelChannel):
    """Takes nothing but bells, behind Sentinels."""

    QoS = ForgetfulQoS  # type: ignore[assignment]  # kombu's own notes in Redis
    connection_class = LedConnection
    connection_class_ssl = LedTlsConnection

    def _disconnect_pools(self: Any) -> None:
        for pool in filter(None, (self._pool, self._async_pool)):
            for sentinel in pool.sentinel_manager.sentinels:
                sentinel.connection_pool.disconnect()
        super()._disconnect_pools()  # type: ignore[misc]  # not in the stubs
