"""Announce an incident: a log line and a report to Sentry; the webhook follows later."""

from __future__ import annotations

import time
from typing import Final

from worker.operations.alerts.judge import Alert, Incident, Phase
from worker.reporting.log import Log
from worker.reporting.sentry import report_alert

log = Log("tiktok_events.alerts")

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


def announce(incident: Incident) -> None:
    """Announce that an incident has begun or is over; no channel's failure raises."""
    _log(incident)
    if incident.phase is Phase.BEGUN:
        report_alert(incident.figure.key, sentence(incident), incident.since)


def sentence(incident: Incident) -> str:
    """Return what has happened, as a sentence."""
    figure = incident.figure
    value = figure.value if incident.phase is Phase.BEGUN else incident.peak
    words = _WORDS[figure.alert].format(
        value=value, threshold=figure.threshold, currency=figure.currency, about=figure.about
    )
    return words if incident.phase is Phase.BEGUN else f"over: {words} at worst"


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
