"""Run a program in several processes, for tools that start one at a time.

``processes.py 2 arq arq_worker.WorkerSettings`` runs it twice, from the environment of this
interpreter, until it is told to end.
"""

from __future__ import annotations

import signal
import subprocess
import sys

from program import located


def main() -> None:
    """Start all, and end them when this is ended."""
    number, program, *arguments = sys.argv[1:]
    command = [*located(program), *arguments]
    processes = [subprocess.Popen(command) for _ in range(int(number))]
    signal.signal(signal.SIGTERM, lambda *_: [process.terminate() for process in processes])
    sys.exit(max(process.wait() for process in processes))


if __name__ == "__main__":
    main()
