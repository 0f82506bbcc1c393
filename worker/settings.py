"""Every setting of the worker: what it means, its unit, its default and its bounds."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from tiktok_events.connection.discovery_address import is_cluster
from tiktok_events.setting_checks import (
    days,
    file_path,
    number,
    one_of,
    seconds,
    text,
    whole,
    yes_or_no,
)
from tiktok_events.settings import ENVIRONMENT_PREFIX, ClientSettings, setting
from worker.setting_checks import (
    Network,
    api_address,
    existing_file,
    header_name,
    proxy_networks,
    sentry_dsn,
    token,
    webhook_address,
    webhook_secret,
)

CONNECT_TIMEOUT_S: Final = 3.05
"""Just over a multiple of three seconds, TCP's first retransmission."""

SETTLE_MARGIN_S: Final = 2.0
"""The part of a lease that is left for preparing a batch and settling it."""

THRESHOLDS: Final = (
    *("alert_dead_per_minute", "alert_oldest_waiting_s", "alert_expiring_value"),
    *("alert_value_at_risk", "alert_silent_minutes", "alert_refused_percent"),
    "alert_coverage_points",
)
"""Settings that turn an alert on."""

_SECONDS_A_DAY: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(ClientSettings):
    """Settings of a worker; those of a producer are among them.

    Attributes:
        api_url: address of the Events API, without the path.
        access_token: the token of every destination that has none of its own.
        destinations_file: a TOML file with tokens and limits of single destinations; it is read
            again when it changes.
        batch_events: most events of one request. The API refuses more than 1,000.
        batch_bytes: most bytes of one request. The API documents no limit.
        lease_s: how long a claim holds without being settled. A killed worker's events
            are delivered by another after it; it must outlast one request.
        request_timeout_s: longest wait for the API's answer.
        max_in_flight: requests under way for one destination, in one worker process.
        posting_threads: requests under way in one worker process. 32 are a hundred a second where
            the API answers after 0.3 s; each may hold a whole batch in memory.
        requests_per_second: most requests a second with one access token, by all workers
            together. The API's own limit is said to be 1,000 per app. While the API throttles,
            the workers use less by themselves.
        retry_base_s: first back-off; it doubles with every failure, with full jitter.
        retry_cap_s: longest back-off. Low, because one probe for a destination is all
            that an outage costs, and what waits is worth less every minute.
        stall_s: a worker that does not look for work for so many seconds, while work is due and
            Redis answers, ends itself; three times `LEASE_S` when absent.
        strict: whether an event ends for any key that cannot be used as it is. By default such
            keys are mended or left out, and only what makes it a conversion can end it.
        window_days_web: age in days at which a web event is given up. The API documents none;
            attribution looks back seven days at most by default.
        window_days_app: the same for app events.
        window_days_offline: the same for offline events: 28 days is the longest click window.
        window_days_crm: the same for CRM events.
        dead_keep_days: how many days a dead letter that can no longer be sent is kept.
        dead_max_bytes: memory of all dead letters; over it those with the nearest deadline are
            purged, expired ones first. No limit when absent.
        figures_max_mb: megabytes of memory of the figures by the hour; over it the oldest hours
            are given up, and their days stay.
        receipts: whether it is kept for eight days, of offline events for 29, what became of each
            event: some 15 to 50 bytes, none of them personal.
        receipts_max_mb: megabytes of memory for that; over it the oldest hours are forgotten, and
            counted.
        actor: whose word a command carries, for the audit; by default the system user's.
        sentry_dsn: where errors are reported; nowhere when absent.
        sentry_traces_sample_rate: the share of requests, from 0 to 1, whose spans Sentry gets, for
            its page *Queues*; a request of a traced call is traced if that was.
        alert_dead_per_minute: how many deaths within a minute are an incident.
        alert_oldest_waiting_s: how many seconds of waiting make the oldest event an incident.
        alert_expiring_value: what dead letters of one currency that are about to expire are worth.
        alert_value_at_risk: the same with what waits, is parked or delayed, and is lost so soon.
        alert_expiring_within_s: how many seconds before its deadline an event is about to expire.
        alert_silent_minutes: for so long nothing was delivered though something was accepted.
        alert_refused_percent: so many of a hundred events of a destination are refused.
        alert_coverage_points: a match key is rarer by so many percentage points than usual.
        webhook: an address that is told what happens, each in its turn and signed: a destination
            parked or resumed, an alert begun or over, a replay ended, a purge announced.
        webhook_secret: what its calls are signed with: `whsec_` and 24 to 64 bytes in base64.
        remote_control: whether workers obey Celery's remote control, which lets whoever may
            write to the broker inspect them, and shut them down.
        probe_port: a TCP port at which a worker answers `/live` and `/ready`, on all addresses of
            its machine; none when absent.
        serve_host: the address at which `tiktok-events serve` listens; another than one of this
            machine needs `SERVE_TOKENS_FILE`.
        serve_port: its TCP port; 0 takes a free one.
        serve_tokens_file: names, roles and digests of the tokens that `tiktok-events serve` takes;
            `tiktok-events serve token` makes them. It is read again when it changes.
        serve_proxy_header: the header by which an authenticating proxy names who is signed in to
            the console; needs `serve_proxy_networks`, and lines with `proxy` in the file of tokens.
        serve_proxy_networks: where that proxy is: addresses and networks, with commas between them.
        heartbeat_file: a file that a worker touches every second while it reaches Redis; for health
            checks.
        log_format: `json` for machines, `text` for people; by default what standard error is.
        log_level: least level of our own log lines; those of libraries begin at `warning`.
    """

    api_url: str = setting("https://business-api.tiktok.com", api_address)
    access_token: str | None = setting(None, token, secret=True)
    destinations_file: Path | None = setting(None, existing_file)
    batch_events: int = setting(1_000, whole(1, 1_000))
    batch_bytes: int = setting(4_194_304, whole(65_536, 33_554_432))
    lease_s: float = setting(25.0, seconds(6, 600))
    request_timeout_s: float = setting(10.0, seconds(0.1, 120))
    max_in_flight: int = setting(8, whole(1, 64))
    posting_threads: int = setting(32, whole(1, 64))
    requests_per_second: float = setting(1_000.0, number(0.1, 10_000, "requests a second"))
    retry_base_s: float = setting(1.0, seconds(0.01, 60))
    retry_cap_s: float = setting(5.0, seconds(0.01, 3_600))
    stall_s: float | None = setting(None, seconds(12, 3_600))
    strict: bool = setting(default=False, check=yes_or_no)
    window_days_web: float = setting(7.0, days(0.01, 365))
    window_days_app: float = setting(7.0, days(0.01, 365))
    window_days_offline: float = setting(28.0, days(0.01, 365))
    window_days_crm: float = setting(7.0, days(0.01, 365))
    dead_keep_days: float = setting(90.0, days(1, 3_650))
    dead_max_bytes: int | None = setting(None, whole(524_288, 1_099_511_627_776))
    figures_max_mb: int = setting(400, whole(8, 1_048_576))
    receipts: bool = setting(default=True, check=yes_or_no)
    receipts_max_mb: int = setting(256, whole(1, 1_048_576))
    actor: str | None = setting(None, text)
    sentry_dsn: str | None = setting(None, sentry_dsn, secret=True)
    sentry_traces_sample_rate: float = setting(0.0, number(0, 1, "requests, as a share,"))
    alert_dead_per_minute: int | None = setting(None, whole(1, 1_000_000))
    alert_oldest_waiting_s: int | None = setting(None, whole(1, 31_536_000))
    alert_expiring_value: int | None = setting(None, whole(1, 1_000_000_000))
    alert_value_at_risk: int | None = setting(None, whole(1, 1_000_000_000))
    alert_silent_minutes: int | None = setting(None, whole(1, 10_080))
    alert_refused_percent: int | None = setting(None, whole(1, 100))
    alert_coverage_points: int | None = setting(None, whole(5, 50))
    alert_expiring_within_s: int = setting(86_400, whole(60, 2_592_000))
    webhook: str | None = setting(None, webhook_address, secret=True)
    webhook_secret: str | None = setting(None, webhook_secret, secret=True)
    remote_control: bool = setting(default=False, check=yes_or_no)
    probe_port: int | None = setting(None, whole(1, 65_535))
    serve_host: str = setting("127.0.0.1", text)
    serve_port: int = setting(8_321, whole(0, 65_535))
    serve_tokens_file: Path | None = setting(None, file_path)
    serve_proxy_header: str | None = setting(None, header_name)
    serve_proxy_networks: tuple[Network, ...] | None = setting(None, proxy_networks)
    heartbeat_file: Path | None = setting(None, file_path)
    log_format: str | None = setting(None, one_of("json", "text"))
    log_level: str = setting("info", one_of("debug", "info", "warning", "error"))

    def contradictions(self) -> list[str]:
        """Yield sentences about values that are allowed, but not together."""
        problems = ClientSettings.contradictions(self)
        if self.remote_control and self.celery_broker_url is None:
            problems.append(
                f"{ENVIRONMENT_PREFIX}REMOTE_CONTROL needs {ENVIRONMENT_PREFIX}BROKER_URL: "
                f"{ENVIRONMENT_PREFIX}REDIS_URL is a cluster, which Celery's transport cannot use; "
                f"any other Redis will do"
            )
        problems += self._contradicting_times()
        if self.webhook is not None and self.webhook_secret is None:
            problems.append(
                f"{ENVIRONMENT_PREFIX}WEBHOOK_SECRET must be given: "
                f"{ENVIRONMENT_PREFIX}WEBHOOK is to know who calls"
            )
        return problems

    def _contradicting_times(self) -> list[str]:
        problems = []
        needed = self.request_timeout_s + CONNECT_TIMEOUT_S + SETTLE_MARGIN_S
        if self.lease_s < needed:
            problems.append(
                f"{ENVIRONMENT_PREFIX}LEASE_S must be at least {needed:g}: a request may take "
                f"{ENVIRONMENT_PREFIX}REQUEST_TIMEOUT_S = {self.request_timeout_s:g} s, "
                f"connecting {CONNECT_TIMEOUT_S:g} s and settling {SETTLE_MARGIN_S:g} s"
            )
        if self.retry_cap_s < self.retry_base_s:
            problems.append(
                f"{ENVIRONMENT_PREFIX}RETRY_CAP_S must not be below "
                f"{ENVIRONMENT_PREFIX}RETRY_BASE_S = {self.retry_base_s:g}"
            )
        if self.stall_limit_s < 2 * self.lease_s:
            problems.append(
                f"{ENVIRONMENT_PREFIX}STALL_S must be at least twice "
                f"{ENVIRONMENT_PREFIX}LEASE_S = {self.lease_s:g}: a claim may rightly take so long"
            )
        return problems

    @property
    def stall_limit_s(self) -> float:
        """Seconds without a look for work after which a worker counts as stuck."""
        return 3 * self.lease_s if self.stall_s is None else self.stall_s

    @property
    def task_limit_s(self) -> float:
        """Seconds after which a pool process that still runs one task is replaced."""
        return 60 + 2 * self.lease_s

    @property
    def dead_keep_s(self) -> float:
        """Seconds from its death for which a dead letter is kept."""
        return self.dead_keep_days * _SECONDS_A_DAY

    @property
    def alerts(self) -> bool:
        """Whether any alert has a threshold."""
        return any(getattr(self, name) is not None for name in THRESHOLDS)

    @property
    def celery_broker_url(self) -> str | None:
        """Where Celery's messages go; on a cluster nowhere, unless another server is given."""
        return self.broker_url or (None if is_cluster(self.redis_url) else self.redis_url)

    def window_s(self, event_source: str) -> float:
        """Return the age in seconds from which an event of this source is no longer sent."""
        days: float = getattr(self, f"window_days_{event_source}")
        return days * _SECONDS_A_DAY


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Yield sentences about variables that have our prefix but no meaning."""
    known = [one.name.upper() for one in fields(Settings)]
    ours = [name for name in sorted(environment) if name.startswith(ENVIRONMENT_PREFIX)]
    sentences = []
    for name in (one.removeprefix(ENVIRONMENT_PREFIX) for one in ours):
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {ENVIRONMENT_PREFIX}{close[0]}?" if close else ""
            sentences.append(f"{ENVIRONMENT_PREFIX}{name} is not a setting{hint}")
    return sentences
