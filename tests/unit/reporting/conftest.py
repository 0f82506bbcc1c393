"""Logging and Sentry as the worker sets them up, into the hands of a test."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk
import structlog

from tests.builders.log_stream import Stream
from worker.reporting.logging import configure_logging
from worker.reporting.sentry import (
    init_sentry,
)
from worker.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

from tests.builders.clock import Clock
from tests.builders.sentry import DSN, Collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def configure() -> Iterator[Callable[..., Stream]]:
    """Configures logging into a stream, for one test."""
    root, ours = logging.getLogger(), logging.getLogger("tiktok_events")
    before = (root.handlers[:], root.level, ours.level)

    def configured(*, terminal: bool = False, **settings: Any) -> Stream:
        stream = Stream(terminal=terminal)
        configure_logging(Settings(**settings), stream=stream)
        return stream

    yield configured
    structlog.reset_defaults()
    root.handlers[:], root.level, ours.level = before


@pytest.fixture
def stream(configure: Callable[..., Stream]) -> Stream:
    """Where JSON lines go."""
    return configure(log_format="json")


@pytest.fixture
def log() -> Any:
    """A logger of ours."""
    return structlog.get_logger("tiktok_events.delivery")


@pytest.fixture
def clock() -> Clock:
    """The clock of the limiter."""
    return Clock()


@pytest.fixture
def sentry(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """Sentry as the worker sets it up, but for the network."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # the SDK replaces it
    collector = Collector()
    assert init_sentry(Settings(sentry_dsn=DSN), transport=collector, clock=clock)
    yield collector
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)
