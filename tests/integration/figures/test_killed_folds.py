"""Several folders at once, killed at any moment: every entry is counted once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from random import Random
from typing import Final

from redis import Redis

from tests.builders.figures import SHOP, accepted, fold_all, settled, total
from tests.builders.stores import keys

FOLDER: Final = """
import sys
from redis import Redis
from tests.builders.figures import HOUR, folding
from tests.builders.stores import keys, store_of
from worker.reporting.figures.sealing import Sealing
redis = Redis.from_url(sys.argv[1])
print("folds", flush=True)
while True:
    folding(redis).fold()
    Sealing(store_of(redis), keys, 2**30).run(lambda: True, HOUR.ends_at + 100)
"""
KILLS: Final = 5


def _folder(redis_url: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", FOLDER, redis_url]
    folder = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert folder.stdout is not None
    assert folder.stdout.readline() == b"folds\n"
    return folder


def test_nothing_is_counted_twice_or_not_at_all(redis: Redis, redis_url: str) -> None:
    """Two fold and seal while entries come in; one of them is killed again and again."""
    rng, counted = Random(5), 0
    folders = [_folder(redis_url), _folder(redis_url)]
    try:
        for _ in range(KILLS):
            ends = time.monotonic() + rng.uniform(0.05, 0.2)
            while time.monotonic() < ends:
                settled(redis, {"Purchase": {"delivered": 1}})
                accepted(redis, 1)
                counted += 1
            victim = folders.pop(0)
            os.kill(victim.pid, signal.SIGKILL)
            victim.communicate()
            folders.append(_folder(redis_url))
    finally:
        for folder in folders:
            folder.kill()
            folder.communicate()
    expected = {"Purchase": {"delivered": counted, "accepted": counted}}
    assert total(redis) == total(redis, "*") == total(redis, SHOP, "day") == expected
    fold_all(redis)
    assert total(redis) == expected
    assert not redis.exists(keys.journal, keys.accepted)
