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

from tests.builders.stores import broker_keys, keys
from tiktok_events.outbox import keys as keys_module
from tiktok_events.settings import ENVIRONMENT_PREFIX
from tiktok_events.web import WebSettings
from worker.attempts.verdict import verdict_of_code, verdict_of_status
from worker.cli import main
from worker.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CLIENT_README = (ROOT / "client/README.md").read_text()
API = (ROOT / "docs/reference/api.md").read_text()
LIFECYCLE = (ROOT / "docs/understand/lifecycle.md").read_text()
OUTSIDE = {".venv", "build", "node_modules", ".git"}
PAGES = {
    str(path.relative_to(ROOT)): path.read_text()
    for path in sorted(ROOT.rglob("*.md"))
    if not OUTSIDE & {*path.relative_to(ROOT).parts}
}
"""Path → text of every page of the repository."""

MAKE_TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
SERVICES = set(
    re.findall(r"^  ([a-z-]+):$", (ROOT / "docker-compose.yml").read_text(), re.MULTILINE)
)
SETTINGS = {ENVIRONMENT_PREFIX + field.name.upper() for field in fields(Settings)}
PRODUCER_SETTINGS = {ENVIRONMENT_PREFIX + field.name.upper() for field in fields(WebSettings)}
README_LINES = 180
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


def named(pattern: str) -> list[tuple[str, str]]:
    """Page and name, for what a pattern finds in the texts of all pages."""
    found = {(page, name) for page, text in PAGES.items() for name in re.findall(pattern, text)}
    return sorted(found)


def check_make(arguments: list[str]) -> None:
    """Every target exists."""
    targets = [word for word in arguments if "=" not in word]
    assert set(targets) <= MAKE_TARGETS


def check_ours(arguments: list[str]) -> None:
    """The command exists and takes these options; nothing is run."""
    command: click.Command = main
    context = click.Context(main, info_name="tiktok-events")
    while isinstance(command, click.Group) and (arguments or not command.invoke_without_command):
        _, found, arguments = command.resolve_command(context, arguments)
        assert found is not None
        command = found
        context = click.Context(command, parent=context)
    with command.make_context("checked", arguments):
        pass  # what it has opened is closed


def check_docker(arguments: list[str]) -> None:
    """A scaled service exists."""
    if arguments[0] in {"build", "buildx"}:
        assert arguments[-1] == "." or arguments[1:3] == ["imagetools", "inspect"]
        return
    assert arguments[0] == "compose"
    scaled = [value.partition("=")[0] for value in arguments if re.fullmatch(r"\w+=\d+", value)]
    assert set(scaled) <= SERVICES


def check_export(arguments: list[str]) -> None:
    """The variable is one of ours, or the path of commands."""
    allowed = SETTINGS | PRODUCER_SETTINGS | {"PATH"}
    assert {argument.partition("=")[0] for argument in arguments} <= allowed


def check_python(arguments: list[str]) -> None:
    """What is installed is a folder of the repository, or what its tests use from an index."""
    if arguments[:3] == ["-m", "pip", "install"]:
        names = [name.partition("[")[0] for name in arguments[3:] if name[0] != "-"]
        own = {name for name in names if name.startswith((".", "git+file://$PWD", "requirements/"))}
        assert all("$" in name or (ROOT / name).exists() for name in own)
        assert {*names} - own <= {"django", "flask", "fastapi", "uvicorn", "jinja2"}


def check_first_file(arguments: list[str]) -> None:
    """The file or folder that the command is about exists."""
    assert (ROOT / arguments[0]).exists()


CHECKS = {
    "cd": check_first_file,
    "make": check_make,
    "tiktok-events": check_ours,
    "docker": check_docker,
    "export": check_export,
    "python": check_python,
    **dict.fromkeys(("python3", "tiktok-events/bin/python"), check_python),
    "node": check_first_file,
    "cp": check_first_file,
}
TYPED = [(page, command) for page, text in PAGES.items() for command in commands(text)]


@pytest.mark.parametrize(("page", "command"), TYPED)
def test_every_command_can_be_typed(
    page: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command of a page exists and takes what it is given."""
    monkeypatch.chdir(tmp_path)
    for name in re.findall(r"[\w-]+\.(?:ndjson|csv|json|txt)\b", command):
        (tmp_path / name).write_text("{}")
    words = shlex.split(command.partition(" < ")[0], comments=True)
    while re.fullmatch(r"[A-Z_]+=.*", words[0]):
        check_export([words.pop(0)])
    program, *arguments = words
    if (page, program) != ("examples/django/README.md", "python"):
        CHECKS[program](arguments)


@pytest.mark.parametrize(("page", "target"), named(r"`make ([a-z-]+)"))
def test_every_target_in_the_text_exists(page: str, target: str) -> None:
    """So does a make target that stands in a sentence."""
    assert target in MAKE_TARGETS, page


@pytest.mark.parametrize(("page", "name"), named(r"`tiktok-events ([a-z]+)"))
def test_every_command_in_the_text_exists(page: str, name: str) -> None:
    """So does a command of ours."""
    assert name in main.list_commands(click.Context(main)), page


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_installed_from_an_index(page: str) -> None:
    """Nothing of ours is published: a path or the address of the repository is needed."""
    assert re.findall(r"pip install [^`\n]*(?<![/=])tiktok-events-\w+(?! @)", PAGES[page]) == []


def test_the_code_runs(redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The README's Python enqueues one event through the client and one through Celery."""
    monkeypatch.setenv("TIKTOK_EVENTS_REDIS_URL", redis_url)
    space = _run(README)
    space["client"].close()
    space["celery"].close()
    assert redis.hget(keys.counters, "accepted") == b"1"
    assert redis.xlen(keys.outbox("web:C0EXAMPLE0PIXEL0CODE")) == 1
    assert redis.llen(broker_keys.prefix + broker_keys.queue) == 1


def test_the_code_of_the_client_runs(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client's README enqueues one event, five hundred, and one that it cancels."""
    monkeypatch.setenv("TIKTOK_EVENTS_REDIS_URL", redis_url)
    assert len(_run(CLIENT_README)["ids"]) == 500
    assert redis.hget(keys.counters, "accepted") == b"502"


def test_the_code_of_the_start_runs(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first steps enqueue one event."""
    monkeypatch.setenv("TIKTOK_EVENTS_REDIS_URL", redis_url)
    _run(PAGES["docs/start.md"])
    assert redis.hget(keys.counters, "accepted") == b"1"


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_every_page_is_python(page: str) -> None:
    """What cannot be run as it stands, because it needs an application around it, compiles."""
    for block in blocks(PAGES[page], "python"):
        compile(block, page, "exec")


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
    named = re.findall(
        r"`((?:worker|tasks|schemas|client|tests|bench|docs|examples)/[\w./-]*)`", text
    )
    missing = [link for link in links if not (ROOT / page).parent.joinpath(link).exists()]
    missing += [path for path in named if not (ROOT / path).exists()]
    assert missing == []


def test_every_page_that_the_code_names_exists() -> None:
    """A comment that names a page names one that exists."""
    missing = [
        (str(path.relative_to(ROOT)), name)
        for folder in ("worker", "tasks", "schemas", "client", "tests", "bench", "examples")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".lua", ".mjs", ".toml"}
        for name in re.findall(r"\bdocs/[\w/-]+\.md", path.read_text())
        if not (ROOT / name).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_every_section_exists(page: str) -> None:
    """A link that leads into a page leads to one of its headings."""
    lost = []
    for path, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", PAGES[page]):
        target = (ROOT / page).parent.joinpath(path) if path else ROOT / page
        if anchor not in anchors(target.read_text()):
            lost.append(f"{path}#{anchor}")
    assert lost == []


def anchors(page: str) -> set[str]:
    """What links into a page may name: its headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_index_has_every_page() -> None:
    """A reader finds each page of `docs/` from its index; a folder's own index has the rest."""
    index = PAGES["docs/README.md"]
    pages = [page for page in PAGES if page.startswith("docs/") and "/decisions/0" not in page]
    missing = [page for page in pages if f"({page.removeprefix('docs/')})" not in index]
    assert missing == ["docs/README.md"]


def test_the_first_page_is_short() -> None:
    """What is longer has a page of its own."""
    assert len(README.splitlines()) <= README_LINES


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
    table = str(keys_module.__doc__)
    in_code = re.findall(r"^ {4}([a-z_:]+(?:<[a-z ]+>)?) {3,}\w", table, re.MULTILINE)[1:]
    assert in_code == [cells[0].strip("`") for cells in rows(LIFECYCLE, "## Redis keys")]
    scripts = {path.name for path in (ROOT / "worker/lua").glob("*.lua")}
    assert scripts <= set(re.findall(r"(\w+\.lua)", LIFECYCLE))
