"""Whether every leader of a cluster that has a shard serves it, and keeps what it accepts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from redis.exceptions import RedisError, ResponseError

from tiktok_events.connection.cluster import Cluster
from tiktok_events.connection.discovery_address import Node
from tiktok_events.outbox.shards import Shards
from worker.cli.doctor.primary import NAME, heirs
from worker.runtime.check import Check, Outcome

Judge = Callable[[Mapping[str, Any]], Check]
"""Checks what a server says of itself."""

_ORDER: Final = list(Outcome)


def leaders(cluster: Cluster, shards: Shards, judges: Sequence[Judge]) -> Iterator[Check]:
    """Yield checks of each leader, and of what is worst among them.

    Args:
        cluster: who leads.
        shards: all of them.
        judges: what each server is checked for.

    Raises:
        redis.RedisError: nobody says who leads.
    """
    known: list[tuple[str, Mapping[str, Any]]] = []
    for (host, port), its in _by_leader(cluster, shards).items():
        where, what = f"{host}:{port}", _words(its, shards.count)
        try:
            cluster.check((host, port), shards.at(its[0]).ready)
            known.append((where, cluster.client((host, port)).info()))
        except ResponseError:
            remedy = "Allow INFO to this user, or see to each server yourself."
            yield Check(NAME, Outcome.WARNING, f"{where} does not tell about itself", remedy)
        except RedisError:
            remedy = "Start it, or let a replica take over. All other shards go on."
            yield Check(NAME, Outcome.FAILED, f"{where} has {what}, and does not answer", remedy)
        else:
            yield Check(NAME, Outcome.OK, f"{where} is the primary of {what}")
            yield heirs(known[-1][1])
    for judge in judges if known else ():
        yield _worst([(where, judge(info)) for where, info in known])


def _by_leader(cluster: Cluster, shards: Shards) -> dict[Node, list[int]]:
    found: dict[Node, list[int]] = {}
    for number, keys in enumerate(shards):
        found.setdefault(cluster.leader(keys.ready), []).append(number)
    return found


def _words(numbers: Sequence[int], count: int) -> str:
    if count == 1:
        return "the outbox"
    words = ", ".join(map(str, numbers))
    return f"shard{'s' if len(numbers) > 1 else ''} {words}"


def _worst(found: Sequence[tuple[str, Check]]) -> Check:
    """That of the first server that is worst, which it names."""
    where, check = max(found, key=lambda one: _ORDER.index(one[1].outcome))
    if check.outcome is Outcome.OK or len(found) == 1:
        return check
    return Check(check.name, check.outcome, f"{where}: {check.message}", check.remedy)
