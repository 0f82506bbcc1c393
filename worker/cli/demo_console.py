"""The console of a demo that is left running: a process beside the others, with a token."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tiktok_events.settings import ENVIRONMENT_PREFIX
from worker.local.child_process import ChildProcess
from worker.local.demo.run import Stage
from worker.serving.tokens import SETTING, Role, make_token

READY_S: Final = 20.0
NAME: Final = "demo"
_LINE: Final = re.compile(r'^\{.*"event":\s*"serving".*$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Console:
    """Where the console of a demo is, and how one signs in.

    Attributes:
        url: for a browser.
        token: may do everything.
        process: that answers.
    """

    url: str
    token: str
    process: ChildProcess


@contextmanager
def demo_console(scene: Stage) -> Iterator[Console | None]:
    """A console while the block lasts; none where the extra `serve` is not installed."""
    if find_spec("starlette") is None:
        yield None
        return
    with TemporaryDirectory(prefix="tiktok-events-console-") as folder:
        tokens, log = Path(folder) / "tokens", Path(folder) / "serve.log"
        token = make_token(tokens, NAME, Role.ERASE)
        settings = {
            **scene.settings,
            SETTING: str(tokens),
            f"{ENVIRONMENT_PREFIX}LOG_FORMAT": "json",
        }
        process = ChildProcess(
            "console", ["serve", "--port=0"], environment=os.environ | settings, log_path=log
        )
        with process:
            found = process.wait_for(lambda: _LINE.search(log.read_text()), timeout_s=READY_S)
            yield Console(json.loads(found[0])["address"], token, process)
