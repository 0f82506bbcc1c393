"""The Celery application: what Celery is asked to do, and nothing of what is delivered.

Its messages are doorbells: the outbox is the truth, so a lost, late or repeated message
does no harm, and the settings below give up durability that would only cost.
"""

from __future__ import annotations

from typing import Any

from celery import Celery
from celery.signals import (
    setup_logging,
    worker_before_create_process,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)
from kombu import Queue

from tiktok_events.outbox.broker_keys import DOORBELL_QUEUE, BrokerKeys
from worker.reporting.log import Log
from worker.reporting.logging import configure_logging
from worker.reporting.sentry import init_sentry
from worker.runtime.broker import NO_BROKER, kombu_options, kombu_settings, kombu_url
from worker.runtime.engine import THIS_PROCESS
from worker.runtime.garbage import leave_shared, look_rarely
from worker.runtime.kombu_patches import patch_kombu
from worker.runtime.main_process import GentleWorker
from worker.runtime.remote_control import NoControl
from worker.runtime.shutdown import GENTLE_END, STOPPING, end_at_once
from worker.runtime.stall import StallStep
from worker.runtime.task_table import TASKS, TRACK
from worker.runtime.ticker import DoorbellStep
from worker.runtime.trust import say_what_is_believed_unseen
from worker.settings import Settings

log = Log("tiktok_events.app")


def create_app(settings: Settings) -> Celery:
    """Return the application for these settings."""
    THIS_PROCESS.configure(settings)
    init_sentry(settings)  # before the tasks are traced, and before the fork
    patch_kombu()
    modules = [task.module for task in TASKS]
    app = Celery(
        "tiktok_events",
        broker=kombu_url(settings.celery_broker_url or NO_BROKER),
        include=modules,
        control=None if settings.remote_control else NoControl,
    )
    app.conf.update(celery_settings(settings))
    app.Worker = app.subclass_with_self(GentleWorker)  # type: ignore[misc]  # cached, hence settable
    app.steps["consumer"].update([DoorbellStep, StallStep])
    return app


def celery_settings(settings: Settings) -> dict[str, Any]:
    """Return Celery's settings, each with the reason if it is not the default."""
    return {
        **_task_settings(settings.task_limit_s),
        **_queue_settings(settings.layout.broker),
        **_broker_settings(settings.celery_broker_url or NO_BROKER, settings.layout.broker.prefix),
        "worker_consumer": "worker.runtime.consumer:PatientConsumer",
        # Nobody watches a worker by Celery's events, or tells it what to do by Celery's messages:
        # whoever may write to the broker could revoke tasks, or shut workers down.
        "worker_enable_remote_control": settings.remote_control,
        "worker_send_task_events": False,
        "task_send_sent_event": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_proc_alive_timeout": 30,
    }


def _task_settings(limit_s: float) -> dict[str, Any]:
    return {
        # No result backend: nobody reads results, and its subscriptions leak.
        "task_ignore_result": True,
        "task_store_errors_even_if_ignored": False,
        "result_backend": None,
        # A pool process that is stuck in one is replaced; its claims and leases heal.
        "task_annotations": {task.name: {"time_limit": limit_s} for task in TASKS if task.limited},
        # A doorbell is acknowledged when it is heard.
        "task_acks_late": False,
        "worker_prefetch_multiplier": 1,
        "task_serializer": "json",
        "accept_content": ["json"],
    }


def _queue_settings(keys: BrokerKeys) -> dict[str, Any]:
    return {
        "task_default_queue": DOORBELL_QUEUE,
        "task_queues": (Queue(DOORBELL_QUEUE),),
        "task_routes": {TRACK.name: {"queue": keys.queue}},
    }


def _broker_settings(url: str, prefix: str) -> dict[str, Any]:
    return {
        "broker_transport_options": {
            "global_keyprefix": prefix,
            # In the event loop: a server that is paused must not keep a worker from its work.
            "socket_timeout": 1,
            "socket_connect_timeout": 1,
            "health_check_interval": 10,
            **kombu_options(url),
        },
        **kombu_settings(url),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # A broker that refuses (a replica, a full one) ends no worker; the consumer waits.
        "broker_channel_error_retry": True,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
    }


def __getattr__(name: str) -> Any:
    """`celery -A worker.app …` finds the application here; importing alone makes none."""
    if name == "app":
        return create_app(Settings.load())
    raise AttributeError(name)


@worker_shutting_down.connect
def _stop_claiming(**_: Any) -> None:
    """Stop claiming, as the main process got a signal; Celery would not heed a second SIGTERM."""
    if STOPPING.set():
        end_at_once()


@worker_before_create_process.connect
def _share_memory(**_: Any) -> None:
    """Share memory with a process of the pool that is about to be forked."""
    leave_shared()


@worker_process_init.connect
def _build_engine(**_: Any) -> None:
    """Make connections and threads in the child: none is shared across the fork."""
    GENTLE_END.enable()
    THIS_PROCESS.engine()
    look_rarely()


@setup_logging.connect
def _log_our_way(**_: Any) -> None:
    """Set up our logging where a worker starts, before it forks; then Celery sets up none."""
    configure_logging(THIS_PROCESS.settings)
    say_what_is_believed_unseen(THIS_PROCESS.settings)


@worker_ready.connect
def _say_ready(**_: Any) -> None:
    log.info("worker_ready")


@worker_process_shutdown.connect
@worker_shutdown.connect
def _export_spans(**_: Any) -> None:
    """A process of the pool ends in order, or the main one, which serves itself in a solo pool."""
    THIS_PROCESS.end()
