"""What the tests of the example shops share: a shop started from its README, and a browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import httpx
import pytest

from tests.builders.environment import environment
from tests.builders.wait import wait_until
from worker.local.loopback import HOST, free_port

EXAMPLES: Final = Path(__file__).parents[3] / "examples"
NEED_BROWSER: Final = "NEED_BROWSER"
GONE_TIMEOUT_S: Final = 20.0
ANSWER_TIMEOUT_S: Final = 30.0

FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HOST}",
    "--remote-debugging-pipe",
)


class Process:
    """A process with children, ended with all of them.

    Args:
        command: what to run.
        log_path: where its output goes.
        options: of `subprocess.Popen`.
    """

    def __init__(self, command: list[str], log_path: Path, **options: Any) -> None:
        self.log_path = log_path
        with log_path.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **options,
            )

    def check(self) -> None:
        """Fail with its output when it has ended."""
        assert self._process.poll() is None, self.log_path.read_text()

    def end(self, number: int) -> None:
        """Ask it to end, and wait until it has."""
        self._process.send_signal(number)
        self.wait()

    def wait(self) -> None:
        """Wait until it ends by itself."""
        self._process.wait(GONE_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(GONE_TIMEOUT_S)


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop that runs.

    Attributes:
        url: of its product page.
        process: what runs.
    """

    url: str
    process: Process

    def is_open(self) -> bool:
        """Whether it answers."""
        self.process.check()
        try:
            return httpx.get(self.url).is_success
        except httpx.TransportError:
            return False


def commands(readme: Path) -> str:
    """The commands of a README, as a shell script; what they install is there."""
    (block,) = re.findall(r"^```console\n(.*?)^```", readme.read_text(), re.MULTILINE | re.DOTALL)
    typed = [line.removeprefix("$ ") for line in block.splitlines()]
    return "\n".join(line for line in typed if not line.startswith("python -m pip install"))


@pytest.fixture
def process_type() -> type[Process]:
    """What runs a program with its children, and ends all of them."""
    return Process


@pytest.fixture
def start_shop(redis_url: str, tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    """`start_shop("flask", SETUP="pixel")`: runs what its README says, until it answers."""
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with ExitStack() as stack:

        def start(name: str, **settings: str) -> Shop:
            port, folder = free_port(), EXAMPLES / name
            variables = {"PATH": programs, "PORT": str(port), "PYTHONDONTWRITEBYTECODE": "1"}
            process = Process(
                ["bash", "-ec", commands(folder / "README.md")],
                tmp_path / f"{name}.log",
                cwd=EXAMPLES.parent,
                env=environment({"REDIS_URL": redis_url, **settings}) | variables,
            )
            shop = Shop(f"http://{HOST}:{port}/", stack.enter_context(process))
            wait_until(shop.is_open)
            return shop

        yield start


class Browser:
    """A page of Chromium, driven through a pipe.

    Source: https://chromedevtools.github.io/devtools-protocol/ (read 2026-11-22).
    """

    def __init__(self, process: Process, commands_fd: int, answers_fd: int) -> None:
        self._process = process
        self._commands = os.fdopen(commands_fd, "wb", buffering=0)
        self._answers = os.fdopen(answers_fd, "rb", buffering=0)
        self._buffer = b""
        self._number = 0
        self._session: dict[str, str] = {}
        target = self._call("Target.createTarget", url="about:blank")
        attached = self._call("Target.attachToTarget", flatten=True, **target)
        self._session = {"sessionId": attached["sessionId"]}
        self._call("Page.enable")

    def open(self, url: str) -> None:
        """Go to a page and wait until it is loaded."""
        self._call("Page.navigate", url=url)
        self._wait_for("method", "Page.loadEventFired")

    def click(self, selector: str) -> None:
        """Press a button and wait until the next page is loaded."""
        self.ask(f"document.querySelector({json.dumps(selector)}).click()")
        self._wait_for("method", "Page.loadEventFired")

    def ask(self, script: str) -> Any:
        """The value of an expression on the page."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def forget(self) -> None:
        """Delete all cookies, and leave the page."""
        self._call("Network.clearBrowserCookies")
        self.open("about:blank")

    def close(self) -> None:
        """End Chromium, and close the pipe."""
        self._session = {}
        self._call("Browser.close")
        self._process.wait()
        self._commands.close()
        self._answers.close()

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        command = {"id": self._number, "method": method, "params": params, **self._session}
        self._commands.write(json.dumps(command).encode() + b"\0")
        answer: dict[str, Any] = self._wait_for("id", self._number)["result"]
        return answer

    def _wait_for(self, key: str, value: object) -> dict[str, Any]:
        ends = time.monotonic() + ANSWER_TIMEOUT_S
        while (message := self._receive()).get(key) != value:
            assert time.monotonic() < ends, f"no {key} {value} within {ANSWER_TIMEOUT_S:g} s"
        return message

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            received = self._answers.read(1 << 16)
            assert received, self._process.log_path.read_text()
            self._buffer += received
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium with an empty profile, which reaches nothing but this machine; started once."""
    with tempfile.TemporaryDirectory(prefix="page", ignore_cleanup_errors=True) as folder:
        yield from _browser(tmp_path_factory.mktemp("chromium"), Path(folder))


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    """The same for each test, without what the one before left in it."""
    chromium.forget()
    return chromium


def _browser(tmp_path: Path, folder: Path) -> Iterator[Browser]:
    """Started with its profile in a folder of a short name: it makes a socket there."""
    program = shutil.which("chromium")
    if program is None:
        if os.environ.get(NEED_BROWSER) == "1":
            pytest.fail(f"{NEED_BROWSER}=1, and chromium is not installed")
        pytest.skip(f"chromium is not installed; {NEED_BROWSER}=1 makes this a failure")
    profile = f"--user-data-dir={folder / 'profile'}"
    commands_read, commands_write = os.pipe()
    answers_read, answers_write = os.pipe()
    # Chromium reads its commands from descriptor 3 and answers on 4.
    shell = f'exec "$@" 3<&{commands_read} 4>&{answers_write}'
    process = Process(
        ["bash", "-c", shell, "bash", program, *FLAGS, profile],
        tmp_path / "chromium.log",
        pass_fds=[commands_read, answers_write],
        env={**os.environ, "HOME": str(tmp_path), "TMPDIR": str(folder)},
    )
    os.close(commands_read)
    os.close(answers_write)
    with process:
        page = Browser(process, commands_write, answers_read)
        try:
            yield page
        finally:
            page.close()
