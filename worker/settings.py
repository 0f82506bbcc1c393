"""Every setting of the worker: what it means, its unit, its default and its bounds."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Self

from tiktok_events.errors import InvalidSetting
from tiktok_events.settings import (
    ENVIRONMENT_PREFIX,
    ClientSettings,
    address,
    seconds,
    setting,
    text,
    whole,
)

CONNECT_TIMEOUT_S: Final = 3.05
"""Just over a multiple of three seconds, TCP's first retransmission."""

SETTLE_MARGIN_S: Final = 2.0
"""Of a lease: left for preparing a batch before the request and settling it after."""


_SECONDS_A_DAY: Final = 86_400


def _path(value: Any) -> Path:
    return Path(str(value))


def _existing_file(value: Any) -> Path:
    path = Path(str(value))
    if not path.is_file():
        raise ValueError("must be the path of a readable TOML file")
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(ClientSettings):
    """Settings of a worker; those of a producer are among them.

    Attributes:
        api_url: of the Events API, without the path.
        access_token: for every destination that has no token of its own.
        destinations_file: TOML with tokens and limits per destination; re-read on change.
        batch_events: events of one request. The API refuses more than 1,000.
        batch_bytes: bytes of one request. Ours: the API documents no limit.
        lease_s: how long a claim holds without being settled. A killed worker's events
            are delivered by another after it; it must outlast one request.
        request_timeout_s: longest wait for the API's answer.
        max_in_flight: requests under way for one destination, in one worker process.
        posting_threads: requests under way in one worker process.
        retry_base_s: first back-off; it doubles with every failure, with full jitter.
        retry_cap_s: longest back-off. Low, because one probe for a destination is all
            that an outage costs, and what waits is worth less every minute.
        window_days_web: age at which a web event is no longer worth sending. The API
            documents none; attribution looks back seven days at most by default.
        window_days_app: the same for app events.
        window_days_offline: the same for offline events: 28 days is the longest click window.
        window_days_crm: the same for CRM events.
        sentry_dsn: where errors are reported; nowhere when absent.
        heartbeat_file: touched every second by a worker that reaches Redis; for health checks.
        log_format: `json` for machines, `text` for people.
    """

    api_url: str = setting("https://business-api.tiktok.com", address("https", "http"))
    access_token: str | None = setting(None, text, secret=True)
    destinations_file: Path | None = setting(None, _existing_file)
    batch_events: int = setting(1_000, whole(1, 1_000))
    batch_bytes: int = setting(4_194_304, whole(65_536, 33_554_432))
    lease_s: float = setting(25.0, seconds(5, 600))
    request_timeout_s: float = setting(10.0, seconds(0.1, 120))
    max_in_flight: int = setting(8, whole(1, 64))
    posting_threads: int = setting(16, whole(1, 64))
    retry_base_s: float = setting(1.0, seconds(0.01, 60))
    retry_cap_s: float = setting(10.0, seconds(0.01, 3_600))
    window_days_web: float = setting(7.0, seconds(0.01, 365))
    window_days_app: float = setting(7.0, seconds(0.01, 365))
    window_days_offline: float = setting(28.0, seconds(0.01, 365))
    window_days_crm: float = setting(7.0, seconds(0.01, 365))
    sentry_dsn: str | None = setting(None, address("https", "http"), secret=True)
    heartbeat_file: Path | None = setting(None, _path)
    log_format: str | None = setting(None, text)

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None, **given: Any) -> Self:
        """Read and check the settings, one against the other too.

        Raises:
            InvalidSetting: with every problem found, one a line.
        """
        settings = super(Settings, cls).load(environment, **given)
        needed = settings.request_timeout_s + CONNECT_TIMEOUT_S + SETTLE_MARGIN_S
        if settings.lease_s < needed:
            raise InvalidSetting(
                f"{ENVIRONMENT_PREFIX}LEASE_S must be at least {needed:g}: a request may take "
                f"{ENVIRONMENT_PREFIX}REQUEST_TIMEOUT_S = {settings.request_timeout_s:g} s, "
                f"connecting {CONNECT_TIMEOUT_S:g} s and settling {SETTLE_MARGIN_S:g} s"
            )
        if settings.retry_cap_s < settings.retry_base_s:
            raise InvalidSetting(
                f"{ENVIRONMENT_PREFIX}RETRY_CAP_S must not be below "
                f"{ENVIRONMENT_PREFIX}RETRY_BASE_S = {settings.retry_base_s:g}"
            )
        return settings

    @property
    def celery_broker_url(self) -> str:
        """Where Celery's messages go."""
        return self.broker_url or self.redis_url

    def window_s(self, event_source: str) -> float:
        """Age in seconds at which an event of this source is no longer sent."""
        days: float = getattr(self, f"window_days_{event_source}")
        return days * _SECONDS_A_DAY


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Sentences about variables that carry our prefix and mean nothing to us."""
    known = [ENVIRONMENT_PREFIX + one.name.upper() for one in fields(Settings)]
    sentences = []
    for name in sorted(environment):
        if name.startswith(ENVIRONMENT_PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            sentences.append(f"{name} is not a setting{hint}")
    return sentences
