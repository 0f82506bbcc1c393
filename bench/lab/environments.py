"""The peers' environments: one for each, pinned with hashes, made once and used again.

They stand in ``build/bench/<peer>``. A stamp with the hash of the pins tells whether one is
still what ``designs/peers/<peer>.txt`` says.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import venv
from hashlib import sha256
from pathlib import Path

PEERS = Path(__file__).resolve().parents[1] / "designs" / "peers"
BUILD = PEERS.parents[2] / "build" / "bench"
STAMP = ".pins"
INSTALL_S = 600
NAME = re.compile(r"^([A-Za-z0-9._-]+)", re.MULTILINE)
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s\\]+)", re.MULTILINE)


class InstallError(Exception):
    """An environment could not be made; the text says why, in a line."""


def python_of(peer: str) -> Path:
    """Return the interpreter of a peer; of no peer, ours."""
    return BUILD / peer / "bin" / "python" if peer else Path(sys.executable)


def ensure(peer: str) -> None:
    """Make the environment of a peer unless it is there and up to date.

    Raises:
        InstallError: it cannot be made.
    """
    if not peer:
        return
    stamp = BUILD / peer / STAMP
    pins = sha256((PEERS / f"{peer}.txt").read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == pins:
        return
    shutil.rmtree(BUILD / peer, ignore_errors=True)
    venv.create(BUILD / peer, with_pip=True)
    install(peer)
    stamp.write_text(pins)


def install(peer: str) -> None:
    """Install exactly what is pinned: the pins are complete, so nothing is resolved again.

    Raises:
        InstallError: it did not work.
    """
    pip = [str(python_of(peer)), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wanted = ["install", "--no-deps", "--require-hashes", "-r", str(PEERS / f"{peer}.txt")]
    try:
        done = subprocess.run(
            [*pip, *wanted], capture_output=True, text=True, timeout=INSTALL_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise InstallError(f"pip took more than {INSTALL_S} s") from None
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise InstallError(errors[-1].removeprefix("ERROR: ") if errors else "pip failed")


def versions(peer: str) -> dict[str, str]:
    """Return the pinned versions of what a peer asks for by name."""
    pins = dict(PIN.findall((PEERS / f"{peer}.txt").read_text()))
    asked = NAME.findall((PEERS / f"{peer}.in").read_text())
    return {name: pins[name] for name in asked if name in pins}
