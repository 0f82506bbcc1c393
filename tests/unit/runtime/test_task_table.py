"""One table says what is fixed about each task, and everything else reads it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from tasks import accept, alerts, announce, deliver, fold, replay, tell, track, upkeep, withdraw
from tiktok_events.outbox.broker_keys import DOORBELL_QUEUE
from worker.app import celery_settings
from worker.runtime.bells import heard, written
from worker.runtime.task_table import BELLS, REPLAY, TASKS, TRACK, UPKEEP, TaskEntry
from worker.settings import Settings

ROOT: Final = Path(__file__).parents[3]
DEFINED: Final = {
    module.__name__: task.name
    for module, task in (
        (track, track.track),
        (accept, accept.accept),
        (deliver, deliver.deliver),
        (replay, replay.replay),
        (upkeep, upkeep.upkeep),
        (alerts, alerts.alerts),
        (announce, announce.announce),
        (tell, tell.tell),
        (withdraw, withdraw.withdraw),
        (fold, fold.fold),
    )
}


def test_each_task_is_defined_where_the_table_says() -> None:
    """Under the name that it says, and there are no others."""
    assert {task.module: task.name for task in TASKS} == DEFINED
    folder = {path.stem for path in (ROOT / "tasks").glob("*.py")} - {"__init__"}
    assert folder == {task.module.removeprefix("tasks.") for task in TASKS}


def test_celery_is_told_what_the_table_says() -> None:
    """A task that may get stuck has a limit; messages of `track` have a queue of their own."""
    settings = Settings.load({})
    told = celery_settings(settings)
    queues = {name: route["queue"] for name, route in told["task_routes"].items()}
    assert queues == {TRACK.name: "tiktok_events"}
    assert told["task_default_queue"] == DOORBELL_QUEUE
    limit = {"time_limit": settings.task_limit_s}
    assert told["task_annotations"] == dict.fromkeys(BELLS, limit)
    assert told["worker_enable_remote_control"] is False


def test_names_are_spelled_once() -> None:
    """In the table; and where producers ring, which know nothing of it."""
    name = re.compile(r"\"tiktok_events\.(?:track|accept|deliver|replay|upkeep|alerts)\"")
    logger = re.compile(r"(?:get_logger|Log)\(\"tiktok_events\.\w+\"\)")
    found = [
        path.relative_to(ROOT).as_posix()
        for folder in ("worker", "tasks", "client")
        for path in (ROOT / folder).rglob("*.py")
        if name.search(logger.sub("", path.read_text()))
    ]
    assert found == ["client/tiktok_events/outbox/doorbell.py"]


@pytest.mark.parametrize(
    ("task", "arguments", "is_heard"),
    [(UPKEEP, [], True), (REPLAY, [7], True), (UPKEEP, [7], False), (REPLAY, [], False)],
)
def test_a_bell_has_the_arguments_of_its_task(
    task: TaskEntry, arguments: list[int], *, is_heard: bool
) -> None:
    """Any other is none."""
    assert (heard(written(task, arguments)) is not None) is is_heard
