"""`doctor` says by name what a user may not do, and does nothing to find it out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from redis import Redis
from redis.exceptions import NoPermissionError

from tests.builders.stores import broker_keys, keys
from tests.builders.users import set_user
from worker.cli import main
from worker.cli.doctor.access import Role, access_of
from worker.cli.doctor.entitlement import access
from worker.runtime.check import Outcome

OPERATIONS = Path(__file__).parents[3] / "docs/operate/operations.md"


@pytest.fixture
def user_of(redis: Redis, redis_url: str) -> Iterator[Callable[..., Redis]]:
    """`user_of(role, *changes)`: connections of a user with the rules of a role, changed."""
    made: list[Redis] = []

    def one(role: Role, *changes: str) -> Redis:
        set_user(redis, "jo", (*access_of(role).rules, *changes))
        made.append(Redis.from_url(redis_url.replace("redis://", "redis://jo:secret@")))
        return made[-1]

    yield one
    for user in made:
        user.close()
    redis.acl_deluser("jo")


@pytest.mark.parametrize("role", list(Role))
def test_the_rules_of_a_role_are_enough_for_it(
    role: Role, user_of: Callable[..., Redis], redis: Redis
) -> None:
    """And to look leaves nothing behind."""
    assert access(user_of(role), role).outcome is Outcome.OK
    assert redis.keys("*") == []


@pytest.mark.parametrize("role", list(Role))
def test_everything_that_lacks_is_named(
    role: Role, user_of: Callable[..., Redis], redis: Redis
) -> None:
    """Commands, a subcommand, and patterns of keys; so that it can be given to ACL SETUSER."""
    key = access_of(role).keys[-1]
    others = [f"~{one}" for one in access_of(role).keys[:-1]]
    changes = ("-xadd", "-hincrby", "-script|load", "resetkeys", *others, "+hincrby")
    check = access(user_of(role, *changes), role)
    assert check.outcome is Outcome.FAILED
    assert f"missing: +script|load, +xadd, ~{key}" in check.message
    assert f"+script|load +xadd ~{key}" in check.remedy
    assert redis.keys("*") == []


def test_a_user_who_may_do_nothing_is_told_so(user_of: Callable[..., Redis], redis: Redis) -> None:
    """Without a transaction nothing is rehearsed: it would be done."""
    check = access(user_of(Role.WORKER, "-multi"), Role.WORKER)
    assert "missing: +multi, +discard" in check.message
    assert redis.keys("*") == []


@pytest.mark.parametrize("role", list(Role))
def test_doctor_fails_and_has_no_traceback(
    role: Role, user_of: Callable[..., Redis], redis_url: str
) -> None:
    """Today's mistake: a user for one purpose, used for another."""
    user_of(role, "-evalsha")
    environment = {
        "TIKTOK_EVENTS_REDIS_URL": redis_url.replace("redis://", "redis://jo:secret@"),
        "TIKTOK_EVENTS_ACCESS_TOKEN": "A-SECRET-TOKEN",
    }
    done = CliRunner(env=environment).invoke(main, ["doctor", "--role", role.value])
    assert (done.exit_code, "+evalsha" in done.output) == (1, True)


@pytest.mark.parametrize(
    ("role", "command"),
    [
        (Role.PRODUCER, ("HGETALL", keys.dead)),
        (Role.PRODUCER, ("XRANGE", keys.outbox("web:C0PIXEL"), "-", "+")),
        (Role.PRODUCER, ("XADD", keys.audit, "*", "who", "me")),
        (Role.PRODUCER, ("LPUSH", broker_keys.prefix + broker_keys.queue, "{}")),
        (Role.OPERATOR, ("BRPOP", broker_keys.prefix + broker_keys.queue, "1")),
        *((role, ("FLUSHALL",)) for role in Role),
        *((role, ("KEYS", "*")) for role in Role),
        *((role, ("CONFIG", "GET", "*")) for role in Role),
        *((role, ("ACL", "LIST")) for role in Role),
        *((role, ("EVAL", "return 1", "0")) for role in Role),
        *((role, ("GET", "other")) for role in Role),
    ],
)
def test_no_user_may_do_more(
    role: Role, command: tuple[str, ...], user_of: Callable[..., Redis]
) -> None:
    """Nobody else's keys, no look at the configuration; a producer reads no event back."""
    user: Any = user_of(role)
    with pytest.raises(NoPermissionError):
        user.execute_command(*command)


def test_the_manual_shows_the_rules() -> None:
    """Line by line, as they are made from scripts and keys."""
    shown = re.findall(r"^ACL SETUSER (\w+) on >\S+ (.*)$", OPERATIONS.read_text(), re.MULTILINE)
    assert shown == [(role.value, " ".join(access_of(role).rules)) for role in Role]
