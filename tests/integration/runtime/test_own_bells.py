"""What a worker asks itself for is a task to Celery, and waits at most once."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery
from celery.worker import state
from celery.worker.request import Request
from kombu import Message

from worker.app import create_app
from worker.runtime.bells import OwnBells
from worker.runtime.task_table import DELIVER, REPLAY
from worker.settings import Settings


@pytest.fixture
def app(redis_url: str) -> Iterator[Celery]:
    """Ours, with its tasks."""
    with create_app(Settings.load({}, redis_url=redis_url)) as app:
        app.loader.import_default_modules()
        yield app


@pytest.fixture
def reserved(app: Celery) -> Iterator[list[Request]]:
    """Requests for which no process of the pool was free yet."""
    requests: list[Request] = []
    yield requests
    state.reset_state()


@pytest.fixture
def bells(app: Celery, reserved: list[Request]) -> OwnBells:
    """Of a worker whose processes are all busy."""

    def reserve(message: Message) -> None:
        reserved.append(Request(message, app=app, task=app.tasks[message.headers["task"]]))
        state.task_reserved(reserved[-1])

    consumer: Any = SimpleNamespace(create_task_handler=lambda: reserve)
    return OwnBells(consumer)


def test_a_bell_is_a_task_with_its_arguments(bells: OwnBells, reserved: list[Request]) -> None:
    """As a message would have asked for it; to acknowledge it tells nobody."""
    bells.ring(REPLAY, 7)
    [request] = reserved
    assert (request.name, request.args) == (REPLAY.name, [7])
    request.message.ack()


def test_what_waits_here_is_not_asked_for_again(bells: OwnBells, reserved: list[Request]) -> None:
    """However long all processes are busy; what runs already is."""
    for _ in range(3):
        bells.ring(REPLAY, 7)
    bells.ring(REPLAY, 8)
    bells.ring(DELIVER)
    assert len(reserved) == 3
    state.task_accepted(reserved[-1])
    bells.ring(DELIVER)
    assert len(reserved) == 4
