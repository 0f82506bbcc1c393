"""Telling people about an incident: a log line, a report to Sentry, a call of the webhook."""

from __future__ import annotations

import time
from typing import Any, Final

import orjson
import requests
import urllib3.exceptions

from worker.delivery.events_api import new_session
from worker.operations.alerts.judge import Alert, Incident, Phase
from worker.reporting.log import Log
from worker.reporting.sentry import report_alert
from worker.settings import Settings

log = Log("tiktok_events.alerts")

WEBHOOK_TIMEOUT_S: Final = 5.0
_FINE: Final = range(200, 300)

_WORDS: Final = {
    Alert.DEAD_PER_MINUTE: "{value:,.0f} events died in a minute (threshold {threshold:,})",
    Alert.OLDEST_WAITING_S: (
        "the oldest event has waited for {value:,.0f} s (threshold {threshold:,} s)"
    ),
    Alert.EXPIRING_VALUE: (
        "dead letters worth {value:,.2f} {currency} are about to expire "
        "(threshold {threshold:,} {currency})"
    ),
    Alert.VALUE_AT_RISK: (
        "events worth {value:,.2f} {currency} are about to be lost "
        "(threshold {threshold:,} {currency})"
    ),
    Alert.SILENT_MINUTES: (
        "nothing was delivered for {value:,.0f} minutes though something was accepted, to {about} "
        "(threshold {threshold:,})"
    ),
    Alert.REFUSED_PERCENT: (
        "{value:,.0f} % of the events of {about} were refused (threshold {threshold:,} %)"
    ),
    Alert.COVERAGE_POINTS: (
        "match key rarer by {value:,.0f} points than usual: {about} (threshold {threshold:,})"
    ),
}


def announce(incident: Incident, settings: Settings) -> None:
    """Tell that an incident has begun or is over, everywhere; no way of it raises."""
    _log(incident)
    if incident.phase is Phase.BEGUN:
        report_alert(incident.figure.key, sentence(incident), incident.since)
    if settings.alert_webhook is not None:
        _call_webhook(settings.alert_webhook, incident)


def sentence(incident: Incident) -> str:
    """What has happened, for people."""
    figure = incident.figure
    value = figure.value if incident.phase is Phase.BEGUN else incident.peak
    words = _WORDS[figure.alert].format(
        value=value, threshold=figure.threshold, currency=figure.currency, about=figure.about
    )
    return words if incident.phase is Phase.BEGUN else f"over: {words} at worst"


def document(incident: Incident) -> dict[str, Any]:
    """What the webhook receives; `text` is what chat programs show."""
    figure = incident.figure
    return {
        "text": f"tiktok-events: {sentence(incident)}",
        "alert": figure.alert.value,
        "state": incident.phase.value,
        "value": figure.value,
        "threshold": figure.threshold,
        "peak": incident.peak,
        "currency": figure.currency,
        "about": figure.about,
        "since": incident.since,
    }


def _log(incident: Incident) -> None:
    figure, begun = incident.figure, incident.phase is Phase.BEGUN
    lasted_s = max(time.time() - incident.since, 0.0)
    (log.error if begun else log.info)(
        "alert" if begun else "alert_over",
        alert=figure.alert.value,
        value=figure.value,
        threshold=figure.threshold,
        currency=figure.currency,
        message=sentence(incident),
        duration_ms=None if begun else round(lasted_s * 1000),
    )


def _call_webhook(url: str, incident: Incident) -> None:
    """POST once: a webhook that is down must not hold a worker, nor fill the log."""
    try:
        with (
            new_session(url) as session,
            session.post(
                url,
                data=orjson.dumps(document(incident)),
                timeout=WEBHOOK_TIMEOUT_S,
                allow_redirects=False,
                stream=True,  # only the status is of interest
            ) as response,
        ):
            status = response.status_code
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        # Its text would have the address, which is a secret.
        log.warning("alert_webhook_failed", error=type(error).__name__)
        return
    if status not in _FINE:
        log.warning("alert_webhook_failed", http_status=status)
