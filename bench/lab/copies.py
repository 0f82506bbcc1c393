"""Run a command in several processes, for tools that start one at a time.

``python -m bench.lab.copies 2 arq …`` runs the program ``arq`` of this interpreter's environment
twice, until it is told to end.
"""

from __future__ import annotations

import signal
import subprocess
import sys

from bench.lab.program import located


def main() -> None:
    """Start all, and end them when this is ended."""
    number, *command = sys.argv[1:]
    processes = [subprocess.Popen(located(command)) for _ in range(int(number))]

    def end(*_: object) -> None:
        for process in processes:
            process.terminate()

    signal.signal(signal.SIGTERM, end)
    sys.exit(max(process.wait() for process in processes))


if __name__ == "__main__":
    main()
