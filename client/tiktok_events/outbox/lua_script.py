"""A Lua script on the server: called by its digest, sent again when the server forgot it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha1
from importlib.resources import files
from typing import Any, Final, Self

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tiktok_events.outbox.doorbell import LUA as DOORBELL
from tiktok_events.outbox.wire import written

PRELUDE: Final = DOORBELL + files("tiktok_events.outbox").joinpath("lua/prelude.lua").read_text()
"""Stands before every script, the worker's too."""


def source(package: str, *names: str) -> str:
    """The text of Lua files, without their ending, from a package's `lua` folder."""
    folder = files(package).joinpath("lua")
    return "".join(folder.joinpath(f"{name}.lua").read_text() for name in names)


Call = tuple[Sequence[Any], Sequence[Any]]
"""Keys and arguments."""


@dataclass(frozen=True, slots=True)
class ScriptText:
    """What the server is told once, and what names it from then on.

    Attributes:
        text: the source, prelude included.
        digest: SHA-1 of it, in hex, as EVALSHA wants it.
    """

    text: str
    digest: str

    @classmethod
    def read(cls, package: str, *names: str, before: str = "") -> Self:
        """Join the files of these names; `before` stands in front of them."""
        text = PRELUDE + before + source(package, *names)
        return cls(text, sha1(text.encode(), usedforsecurity=False).hexdigest())

    def command(self, call: Call) -> bytes:
        """What calls it, as bytes."""
        keys, args = call
        return written(("EVALSHA", self.digest, len(keys), *keys, *args))

    @property
    def lesson(self) -> bytes:
        """What teaches it to a server, as bytes."""
        return written(("SCRIPT", "LOAD", self.text))


class LuaScript:
    """A script that runs on one connection.

    Args:
        redis: a connection.
        package: whose `lua` folder it is in.
        names: of the files, without their ending, that make up the script.
        before: Lua that stands before them.
    """

    def __init__(self, redis: Redis, package: str, *names: str, before: str = "") -> None:
        self._redis = redis
        self._script = ScriptText.read(package, *names, before=before)

    def __call__(self, keys: Sequence[Any], args: Sequence[Any]) -> Any:
        """Call it once."""
        try:
            return self._redis.evalsha(self._script.digest, len(keys), *keys, *args)
        except NoScriptError:
            self._redis.script_load(self._script.text)
            return self._redis.evalsha(self._script.digest, len(keys), *keys, *args)

    def many(self, calls: Sequence[Call]) -> list[Any]:
        """Call it several times, in this order and one round trip; other calls may come between."""
        if len(calls) == 1:  # redis-py's pipeline costs half as much again
            return [self(*calls[0])]
        replies = self.each(calls)
        for reply in replies:
            if isinstance(reply, RedisError):
                raise reply
        return replies

    def each(self, calls: Sequence[Call]) -> list[Any]:
        """Call it as `many` does; an error stands in place of the reply of a call that failed.

        A server that does not know the script has carried out nothing of a call.
        """
        replies = self._pipelined(calls)
        unknown = [place for place, one in enumerate(replies) if isinstance(one, NoScriptError)]
        if unknown:
            self._redis.script_load(self._script.text)
            again = self._pipelined([calls[place] for place in unknown])
            for place, reply in zip(unknown, again, strict=True):
                replies[place] = reply
        return replies

    def answered(self, calls: Sequence[Call]) -> list[Any]:
        """Call it as `many` does; where a leader of a cluster is away, `None` is its reply.

        Raises:
            redis.RedisError: another error, or nobody has answered.
        """
        if len(calls) == 1:
            return [self(*calls[0])]
        replies = self.each(calls)
        failed = [reply for reply in replies if isinstance(reply, RedisError)]
        if len(failed) == len(calls):
            raise failed[0]
        for error in failed:
            if not isinstance(error, RedisConnectionError | RedisTimeoutError):
                raise error
        return [None if isinstance(reply, RedisError) else reply for reply in replies]

    def _pipelined(self, calls: Sequence[Call]) -> list[Any]:
        with self._redis.pipeline(transaction=False) as pipeline:
            for keys, args in calls:
                pipeline.evalsha(self._script.digest, len(keys), *keys, *args)
            return pipeline.execute(raise_on_error=False)
