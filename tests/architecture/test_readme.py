"""What the README and the pages beside it say is true: commands, code, paths, settings, codes."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import click
import pytest
from celery import Celery, current_app
from redis import Redis

from tiktok_events.outbox import keys
from tiktok_events.settings import ENVIRONMENT_PREFIX
from worker.attempts.verdict import verdict_of_code, verdict_of_status
from worker.cli import main
from worker.delivery.destinations import OVERRIDABLE
from worker.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CLIENT_README = (ROOT / "client/README.md").read_text()
API = (ROOT / "docs/api.md").read_text()
LIFECYCLE = (ROOT / "docs/lifecycle.md").read_text()
PAGES = {
    path: (ROOT / path).read_text()
    for path in (
        "README.md",
        "client/README.md",
        "CHANGELOG.md",
        "docs/guarantees.md",
        "docs/lifecycle.md",
        "docs/api.md",
        "docs/web.md",
        "examples/README.md",
    )
}
MAKE_TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
SERVICES = set(
    re.findall(r"^  ([a-z-]+):$", (ROOT / "docker-compose.yml").read_text(), re.MULTILINE)
)
SETTINGS = {ENVIRONMENT_PREFIX + field.name.upper() for field in fields(Settings)}
OTHER_CODES = {"other 4xxxx": 49_999, "other from 50000 up": 69_999, "other below 40000": 39_999}


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def commands(page: str) -> list[str]:
    """The lines of its console blocks that a reader types."""
    lines = [line for block in blocks(page, "console") for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in lines), "a console block shows commands only"
    return [line.removeprefix("$ ") for line in lines]


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the tables in the section under a heading, without their heads."""
    section = page.partition(f"{heading}\n")[2].partition("\n## ")[0]
    tables = re.findall(r"^\|.*\n\|[-|]+\|\n((?:\|.*\n?)+)", section, re.MULTILINE)
    lines = [line for table in tables for line in table.splitlines()]
    assert lines, f"no table under {heading}"
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def check_make(arguments: list[str]) -> None:
    """Every target exists."""
    targets = [word for word in arguments if "=" not in word]
    assert set(targets) <= MAKE_TARGETS


def check_ours(arguments: list[str]) -> None:
    """The command exists and takes these options; nothing is run."""
    command: click.Command = main
    context = click.Context(main, info_name="tiktok-events")
    while isinstance(command, click.Group):
        _, found, arguments = command.resolve_command(context, arguments)
        assert found is not None
        command = found
        context = click.Context(command, parent=context)
    command.make_context("checked", arguments)


def check_compose(arguments: list[str]) -> None:
    """A scaled service exists."""
    assert arguments[0] == "compose"
    scaled = [value.partition("=")[0] for value in arguments if re.fullmatch(r"\w+=\d+", value)]
    assert set(scaled) <= SERVICES


def check_export(arguments: list[str]) -> None:
    """The variable is one of ours."""
    assert {argument.partition("=")[0] for argument in arguments} <= SETTINGS


CHECKS = {
    "make": check_make,
    "tiktok-events": check_ours,
    "docker": check_compose,
    "export": check_export,
}


@pytest.mark.parametrize("command", commands(README))
def test_every_command_can_be_typed(command: str) -> None:
    """A command of the README exists and takes what it is given."""
    program, *arguments = shlex.split(command, comments=True)
    CHECKS[program](arguments)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make ([a-z-]+)", README))))
def test_every_target_in_the_text_exists(target: str) -> None:
    """So does a make target that stands in a sentence."""
    assert target in MAKE_TARGETS


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`tiktok-events ([a-z]+)", README))))
def test_every_command_in_the_text_exists(name: str) -> None:
    """So does a command of ours."""
    assert name in main.list_commands(click.Context(main))


def test_the_code_runs(redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The README's Python enqueues one event through the client and one through Celery."""
    monkeypatch.setenv("TIKTOK_EVENTS_REDIS_URL", redis_url)
    space = _run(README)
    space["client"].close()
    space["celery"].close()
    assert redis.hget(keys.COUNTERS, "accepted") == b"1"
    assert redis.xlen(keys.outbox("web:C0EXAMPLE0PIXEL0CODE")) == 1
    assert redis.llen(keys.BROKER_PREFIX + keys.QUEUE) == 1


def test_the_code_of_the_client_runs(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client's README enqueues one event, five hundred, and one that it cancels."""
    monkeypatch.setenv("TIKTOK_EVENTS_REDIS_URL", redis_url)
    assert len(_run(CLIENT_README)["ids"]) == 500
    assert redis.hget(keys.COUNTERS, "accepted") == b"502"


def _run(page: str) -> dict[str, Any]:
    """Execute a page's Python, block after block, in one name space."""
    space: dict[str, Any] = {}
    default: Celery = cast("Any", current_app)._get_current_object()
    try:
        for block in blocks(page, "python"):
            exec(block, space)  # noqa: S102 — because it is our own page
    finally:
        default.set_current()
    return space


@pytest.mark.parametrize("page", PAGES)
def test_every_path_exists(page: str) -> None:
    """Links within the repository and files named in a text are there."""
    text = PAGES[page]
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    named = re.findall(r"`((?:worker|tasks|schemas|client|tests|bench|docs)/[\w./-]*)`", text)
    missing = [link for link in links if not (ROOT / page).parent.joinpath(link).exists()]
    missing += [path for path in named if not (ROOT / path).exists()]
    assert missing == []


def test_the_settings_are_all_there() -> None:
    """The table holds every setting with its default, in the order of the code."""
    expected = [[f"`{f.name.upper()}`", _shown(f.default)] for f in fields(Settings)]
    assert expected == [cells[:2] for cells in rows(README, "## Settings")]


def test_the_overrides_are_all_there() -> None:
    """The text names every limit that a destination may have of its own."""
    section = README.partition("## Settings\n")[2].partition("\n## ")[0]
    assert set(OVERRIDABLE) <= set(re.findall(r"`([a-z_]+)`", section))


def _shown(default: Any) -> str:
    if default is None:
        return ""
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


@pytest.mark.parametrize("cells", rows(API, "## The answer"), ids=lambda cells: cells[0])
def test_every_code_means_what_the_page_says(cells: list[str]) -> None:
    """Codes and HTTP statuses have the verdict of their row."""
    if len(cells) == 2:
        assert {verdict_of_status(status) for status in _numbers(cells[0])} == {cells[1]}
    else:
        assert {verdict_of_code(code) for code in _numbers(cells[0])} == {cells[2]}


def _numbers(cell: str) -> list[int]:
    if cell in OTHER_CODES:
        return [OTHER_CODES[cell]]
    found: list[int] = []
    for part in cell.split(","):
        ends = re.findall(r"\d+", part)
        found += range(int(ends[0]), int(ends[-1]) + 1)
    return found


def test_every_key_and_script_is_explained() -> None:
    """The page on the life of an event names all Redis keys and all scripts."""
    assert keys.__doc__ is not None
    in_code = re.findall(r"^ {4}([a-z_:]+(?:<[a-z ]+>)?) {3,}\w", keys.__doc__, re.MULTILINE)[1:]
    assert in_code == [cells[0].strip("`") for cells in rows(LIFECYCLE, "## Redis keys")]
    scripts = {path.name for path in (ROOT / "worker/lua").glob("*.lua")}
    assert scripts <= set(re.findall(r"(\w+\.lua)", LIFECYCLE))
