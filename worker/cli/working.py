"""What a worker does from its settings to its end; loading this loads Celery."""

from __future__ import annotations

import os
from typing import Any

import click
from celery import Celery
from celery.utils.nodenames import default_nodename, host_format

from tiktok_events.errors import InvalidSetting
from worker.app import create_app
from worker.cli.failures import FAILED
from worker.reporting.logging import configure_logging
from worker.runtime.check import Outcome
from worker.runtime.first_aid import take_back
from worker.runtime.preflight import configuration, start_when_usable
from worker.runtime.probes import answer_probes


def work(name: str | None, **options: Any) -> int:
    """Check the settings, and work until told to end; returns the exit code.

    Raises:
        InvalidSetting: what `doctor` refuses, before anything begins.
    """
    found = configuration(os.environ)
    for check in found.checks:
        if check.outcome is Outcome.WARNING:
            click.echo(f"Warning: {check.message}", err=True)
    if found.settings is None or found.refusals:
        raise InvalidSetting("\n".join(found.refusals))
    settings = found.settings
    configure_logging(settings)
    if settings.probe_port is not None:
        answer_probes(settings.probe_port)
    start_when_usable(settings)
    take_back(settings)
    node = host_format(default_nodename(name or unique_name()))
    return run(create_app(settings), hostname=node, **options)


def unique_name() -> str:
    """Several workers on one host must not share a node name."""
    return f"tiktok-events-{os.getpid()}@%h"


def run(app: Celery, **options: Any) -> int:
    """Work until told to end; returns the exit code, which a supervisor needs to know.

    Celery's own command line would do the same, but loses that code, and loads a shell with
    completion and colours: a fifth of a start's CPU time and an eighth of its memory.
    """
    celery_worker: Any = app.Worker(
        **options,
        loglevel="INFO",
        quiet=True,
        # Fewer messages, faster start: nobody elects anything, or watches us by events, unless
        # remote control is on: Flower knows workers by their heartbeats.
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=not app.conf.worker_enable_remote_control,
    )
    celery_worker.start()
    return FAILED if celery_worker.exitcode is None else celery_worker.exitcode
