"""`tiktok-events demo`: the whole system at work on this machine, and its figures."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

import click
import orjson
from rich import box
from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bars
from rich.table import Table

from worker.cli.demo_console import demo_console
from worker.local.demo.report import DemoReport
from worker.local.demo.run import Plan, Progress, Stage, Watch, forget_settings, run, stage

LINE_EVERY_S: Final = 1.0
"""Seconds between two lines of progress where there is no terminal."""

CHECK_EVERY_S: Final = 1.0
"""Seconds between two checks that the parts that were left running still run."""

_WIDTH: Final = 100
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

HELP: Final = """Run everything on this machine and deliver a sample stream.

Starts an embedded server with an append-only file, a simulated Events API that
fails now and then, and real workers; enqueues events of all four sources, some of
them invalid; waits until each one is delivered or dead; ends it all again.
Nothing leaves this machine, whatever your settings say.

\b
Examples:
    tiktok-events demo
    tiktok-events demo --events 100000 --workers 2
    tiktok-events demo --json
    tiktok-events demo --keep

Exit codes: 0 every event is accounted for, 1 one is not, or a part failed.
"""


@click.command("demo", help=HELP)
@click.option("--events", type=click.IntRange(1, 1_000_000), default=20_000, show_default=True)
@click.option("--pixels", type=click.IntRange(1, 1_000), default=4, show_default=True)
@click.option("--workers", type=click.IntRange(1, 16), default=1, show_default=True)
@click.option(
    "--seed",
    type=int,
    default=7,
    show_default=True,
    help="Another seed, other events.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with the figures.")
@click.option("--keep", is_flag=True, help="Leave everything running until Ctrl-C.")
def demo(*, as_json: bool, keep: bool, **plan: int) -> None:
    """Start everything, run it, and report."""
    forget_settings()
    with _ended_by_signals():
        report = _perform(Plan(**plan), as_json=as_json, keep=keep)
    for problem in report.problems():
        click.echo(f"Unaccounted for: {problem}", err=True)
    sys.exit(1 if report.problems() else 0)


def _perform(plan: Plan, *, as_json: bool, keep: bool) -> DemoReport:
    click.echo("starting the server, the sandbox and the worker", err=True)
    with stage(plan) as scene:
        with _progress(plan.events) as watch:
            report = run(scene, plan, watch)
        print_report(report, as_json=as_json)
        if report.problems():
            _show_logs(scene)
        if keep:
            _keep(scene)
        elif not as_json:
            click.echo("Next:", err=True)
            _show_commands({k: v.format(program_name()) for k, v in NEXT.items()})
    return report


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let a signal end the block once, in order; others are ignored meanwhile."""

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    former = {number: signal.signal(number, end) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def _progress(total: int) -> Iterator[Watch]:
    if sys.stderr.isatty():
        with _bars(total) as watch:
            yield watch
    else:
        yield _lines()


@contextmanager
def _bars(total: int) -> Iterator[Watch]:
    columns = (
        TextColumn("{task.description:>9}"),
        BarColumn(40),
        TextColumn("{task.fields[says]}"),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        names = ("enqueued", "delivered", "dead")
        tasks = {name: bars.add_task(name, total=total, says="") for name in names}

        def watch(progress: Progress) -> None:
            beside = {"delivered": f" · {rate(progress)}"}
            for name, task in tasks.items():
                count = getattr(progress, name)
                bars.update(task, completed=count, says=f"{count:,}{beside.get(name, '')}")

        yield watch


def rate(progress: Progress) -> str:
    """How fast events come to an end."""
    ended = progress.delivered + progress.dead
    per_s = ended / progress.elapsed_s if progress.elapsed_s else 0.0
    return f"{per_s:,.0f} events/s"


def _lines() -> Watch:
    due = 0.0

    def watch(progress: Progress) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + LINE_EVERY_S
            click.echo(line(progress), err=True)

    return watch


def line(progress: Progress) -> str:
    """Return the progress as one line."""
    return (
        f"enqueued {progress.enqueued:,} · delivered {progress.delivered:,} · "
        f"dead {progress.dead:,} · {rate(progress)}"
    )


def print_report(report: DemoReport, *, as_json: bool) -> None:
    """Print one JSON object, or the figures and what the demo's API did."""
    if as_json:
        click.echo(orjson.dumps(report.as_dict()))
        return
    console = Console(width=min(_WIDTH, Console().width), highlight=False)
    console.print(_figures_table(report))
    console.print(_faults_table(report.sandbox.faults))


def _figures_table(report: DemoReport) -> Table:
    table = _table("What became of the events")
    table.add_row("enqueued", f"{report.enqueued:,}")
    table.add_row("delivered", f"{report.counters.delivered:,}")
    for reason, count in report.counters.dead.items():
        table.add_row(f"dead: {reason}", f"{count:,}")
    table.add_row("distinct conversions, counted by the sandbox", f"{report.sandbox.distinct:,}")
    table.add_row("arrived twice, counted once", f"{report.sandbox.repeated:,}")
    table.add_row("requests", f"{report.sandbox.requests:,}")
    table.add_row("seconds", f"{report.duration_s:.1f}")
    table.add_row("events per second", f"{report.events_per_s:,.0f}")
    return table


def _faults_table(faults: Mapping[str, int]) -> Table:
    table = _table("What the API did meanwhile, in requests")
    for name, requests in faults.items():
        table.add_row(name, f"{requests:,}")
    return table


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE, show_header=False)
    table.add_column(min_width=46)
    table.add_column(justify="right", min_width=9)
    return table


NEXT: Final = {
    "the same, left running for your own commands": "{} demo --keep",
    "what becomes of the match keys in a file of yours": "{} explain --help",
    "the worker by itself, with your own settings": "{} worker --help",
}
"""Commands by what they show, with `{}` for the program: each stands alone on its line."""

TRACK: Final = (
    "from tiktok_events import Client; "
    'print(Client().track({"event": "Lead", "page": {"url": "https://shop.example/"}}))'
)
NEXT_KEPT: Final = {
    "enqueue an event, and see its event_id": f"python -c {shlex.quote(TRACK)}",
    "what waits, what is under way, what is done": "tiktok-events status",
    "which events died, and why": "tiktok-events dead list",
    "how to send them again": "tiktok-events dead replay --help",
    "whether all of it is fit for work": "tiktok-events doctor",
}


def _show_commands(commands: Mapping[str, str]) -> None:
    for meaning, command in commands.items():
        click.echo(f"  {meaning}:\n    {command}", err=True)


def program_name() -> str:
    """Return the name by which the reader's shell finds this program."""
    beside = Path(sys.executable).with_name("tiktok-events")
    if shutil.which("tiktok-events") or not beside.exists():
        return "tiktok-events"
    return shlex.quote(os.path.relpath(beside))


def settings_lines(settings: Mapping[str, str]) -> list[str]:
    """What leads a shell to this program, its Python and what runs now."""
    programs = Path(sys.executable).parent
    return [
        f'export PATH={shlex.quote(str(programs))}:"$PATH"',
        *(f"export {name}={shlex.quote(value)}" for name, value in settings.items()),
    ]


def _keep(scene: Stage) -> None:
    """Wait for a signal; everything goes on meanwhile."""
    logs = "".join(f"\n    {child.log_path}" for child in scene.children)
    settings = "".join(f"\n    {line}" for line in settings_lines(scene.settings))
    try:
        with demo_console(scene) as console:
            click.echo(f"\nEverything runs until Ctrl-C. The logs:{logs}", err=True)
            if console is not None:
                click.echo(f"The console: {console.url}/\n    token: {console.token}", err=True)
            click.echo(f"Paste into another terminal:{settings}\nThen, for example:", err=True)
            _show_commands(NEXT_KEPT)
            while True:
                scene.check()
                if console is not None:
                    console.process.check()
                time.sleep(CHECK_EVERY_S)
    except KeyboardInterrupt:
        click.echo("ending", err=True)


def _show_logs(scene: Stage) -> None:
    for child in scene.children:
        click.echo(f"End of the log of the {child.name}:\n{child.log_tail()}", err=True)
