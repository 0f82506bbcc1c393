"""Run one program that must not outlive the process that asked for it.

Run as a file, by the path of this module, so that it works from any directory
and loads nothing but the standard library::

    python -I -S watchdog.py PARENT_PID GRACE_S PROGRAM [ARGUMENT ...]

1. start the program, print its process id on one line;
2. wait until the program ends, or the parent does, or the parent says so;
3. in the last two cases: SIGTERM, ``GRACE_S`` seconds, then SIGKILL;
4. exit with the program's exit status.

The parent holds the other end of our standard input. A byte there means "end
it now"; the end of the file means that the parent is gone, however it died.
That works where the kernel's own "signal me when my parent dies" does not:
outside Linux, and where the *thread* that started the child ends first.

What the program prints goes to our standard error. Descriptors that the parent
passed on reach the program too, so that a lock lives as long as the program.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from typing import Final

_STDIN: Final = 0
# A forked copy of the parent keeps our standard input open after the parent is
# dead, so the parent's process id is looked at as well, once per interval.
_PARENT_CHECK_S: Final = 1.0


def main(arguments: list[str]) -> int:
    """Run ``PARENT_PID GRACE_S PROGRAM [ARGUMENT ...]`` until it ends; its exit status."""
    parent_pid, grace_s, *command = arguments
    program = _start(command)
    guard = threading.Thread(
        target=_end_with_parent, args=(program, int(parent_pid), float(grace_s)), daemon=True
    )
    guard.start()
    return program.wait()


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    program = subprocess.Popen(  # noqa: S603 — running the caller's program is the purpose
        command, stdin=subprocess.DEVNULL, stdout=sys.stderr, close_fds=False
    )
    # A signal sent to us is meant for the program; we go when it goes.
    signal.signal(signal.SIGTERM, lambda *_: program.terminate())
    signal.signal(signal.SIGINT, lambda *_: program.terminate())
    print(program.pid, flush=True)  # noqa: T201 — the parent reads it
    return program


def _end_with_parent(program: subprocess.Popen[bytes], parent_pid: int, grace_s: float) -> None:
    while os.getppid() == parent_pid and not _told_to_end(_PARENT_CHECK_S):
        pass
    end(program, grace_s)


def _told_to_end(timeout_s: float) -> bool:
    readable, _, _ = select.select([_STDIN], [], [], timeout_s)
    return bool(readable)


def end(program: subprocess.Popen[bytes], grace_s: float) -> None:
    """Send SIGTERM, then SIGKILL if the program is still there after ``grace_s`` seconds."""
    program.terminate()
    try:
        program.wait(grace_s)
    except subprocess.TimeoutExpired:
        program.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
