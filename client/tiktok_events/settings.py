"""Settings: typed, bounded, read once from arguments or the environment, refused in one go."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Self

from tiktok_events.connection.discovery_address import is_cluster
from tiktok_events.errors import InvalidSetting, shown
from tiktok_events.event.destination import pixel_code
from tiktok_events.event.key_names import key_names
from tiktok_events.event.match_keys import check_region
from tiktok_events.event.url_parameters import parameter_names
from tiktok_events.outbox.shards import MOST, NAMESPACE, Shards
from tiktok_events.setting_checks import (
    Check,
    file_path,
    namespace,
    one_of,
    power_of_two,
    redis_address,
    seconds,
    whole,
)

ENVIRONMENT_PREFIX: Final = "TIKTOK_EVENTS_"


def setting(default: Any, check: Check, *, secret: bool = False) -> Any:
    """A field of a settings class; a secret one does not print."""
    return field(default=default, repr=not secret, metadata={"check": check})


_sources: Final[list[Callable[[], Mapping[str, Any]]]] = []
"""Sources of settings of the whole process; a framework adds one when it starts."""


def configure(source: Callable[[], Mapping[str, Any]]) -> None:
    """Give the settings of a framework precedence over the environment, in the whole process.

    Args:
        source: returns names of settings in lower case, and their values; asked at each `load`.
    """
    _sources[:] = [source]


def _of_framework() -> dict[str, Any]:
    return _present(_sources[0]()) if _sources else {}


def _present(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """Settings of a producer.

    Attributes:
        redis_url: where the outbox is: Redis 6.2 or later, or Valkey. Behind Sentinel:
            `redis+sentinel://[user:password@]host:26379,host:26379/service/0`, with
            `?sentinel_password=…` if the Sentinels have one. On a cluster, several of its nodes:
            `redis+cluster://[user:password@]host:6379,host:6379`.
        broker_url: Celery's broker; the server of the outbox when absent. A cluster cannot be one:
            workers deliver without a broker, but producers that have nothing but Celery cannot send
            there.
        namespace: what every key begins with. Installations that share a server need different
            ones; a producer and its workers need the same.
        shards: how many shards the outboxes are spread over, a power of two; a producer and its
            workers need the same number. On a cluster, two to four for each leader.
        pixel_code: the `event_source_id` of web events that name none.
        default_region: the country of phone numbers without a country code, by ISO 3166.
        strip_url_parameters: names of parameters that are taken out of `page.url` and
            `page.referrer` before an event is enqueued; never `ttclid`.
        user_keys: names of further keys of an event's `user` that may pass, though TikTok does not
            know them.
        linger_ms: milliseconds that a first event waits for company before it is due.
        max_event_bytes: size limit of one event's JSON; a larger one is refused at the call. The
            API documents none; a typical event has one kilobyte, and a request of 1,000 should
            stay sendable.
        redis_timeout_s: time limit of one call while Redis does not answer, connecting and spooling
            included. For a call of more than a mebibyte it begins anew with each mebibyte that
            Redis has taken.
        on_failure: what to do with events that Redis does not take in that time: `raise` an error,
            `spool` them into a local file, or `drop` and count them.
        spool_file: where `spool` keeps them: an SQLite file on a local disk that stays, shared
            by all processes of the machine. Needed when `ON_FAILURE` is `spool`.
        spool_bytes: size limit of that file; a call that finds it full fails.
        durability: `fsync` ends a call only when the server's append-only file is on its
            disk, which needs Redis 7.2 or later, or Valkey; `none` leaves that to the server's
            `appendfsync`.
    """

    redis_url: str = setting(
        "redis://127.0.0.1:6379/0", redis_address("redis", "rediss", "unix"), secret=True
    )
    broker_url: str | None = setting(
        None, redis_address("redis", "rediss", cluster=False), secret=True
    )
    namespace: str = setting(NAMESPACE, namespace)
    shards: int = setting(1, power_of_two(MOST))
    pixel_code: str | None = setting(None, pixel_code)
    default_region: str | None = setting(None, check_region)
    strip_url_parameters: frozenset[str] | None = setting(None, parameter_names)
    user_keys: frozenset[str] | None = setting(None, key_names)
    linger_ms: int = setting(100, whole(0, 60_000))
    max_event_bytes: int = setting(65_536, whole(1_024, 1_048_576))
    redis_timeout_s: float = setting(2.0, seconds(0.05, 60))
    on_failure: str = setting("raise", one_of("raise", "spool", "drop"))
    spool_file: Path | None = setting(None, file_path)
    spool_bytes: int = setting(67_108_864, whole(524_288, 10_737_418_240))
    durability: str = setting("none", one_of("none", "fsync"))

    @property
    def layout(self) -> Shards:
        """Return the names of all keys, which tell where events are."""
        return Shards(self.namespace, self.shards)

    @property
    def rings(self) -> bool:
        """Return whether the doorbell can be on the outbox's server: not on a cluster."""
        return self.broker_url in {None, self.redis_url} and not is_cluster(self.redis_url)

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None, **given: Any) -> Self:
        """Return settings from arguments, then the environment, then the defaults.

        A blank variable counts as absent. A framework's settings (`configure`) precede the
        environment.

        Raises:
            InvalidSetting: some names or values are wrong, or contradict each other; the message
                lists all.
        """
        if unknown := given.keys() - {one.name for one in fields(cls)}:
            raise InvalidSetting(f"there is no setting {', '.join(sorted(unknown))}")
        if environment is None:
            environment, given = os.environ, _of_framework() | _present(given)
        values: dict[str, Any] = {}
        problems: list[str] = []
        for one in fields(cls):
            name = ENVIRONMENT_PREFIX + one.name.upper()
            value = given.get(one.name)
            if value is None:
                value = environment.get(name, "").strip() or None
            if value is None:
                continue
            try:
                values[one.name] = one.metadata["check"](value)
            except ValueError as error:
                problems.append(f"{name} {error}{shown(value) if one.repr else ''}")
        settings = None if problems else cls(**values)
        if settings is None or (problems := settings.contradictions()):
            raise InvalidSetting("\n".join(problems))
        return settings

    def contradictions(self) -> list[str]:
        """Yield sentences about values that are allowed, but not together."""
        if self.on_failure != "spool" or self.spool_file is not None:
            return []
        given = f"{ENVIRONMENT_PREFIX}ON_FAILURE = spool"
        return [f"{ENVIRONMENT_PREFIX}SPOOL_FILE must be given: {given} needs a place that stays"]
