"""What the console signs, so that any process of `serve` knows it again: cookies and previews."""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256
from typing import Any, Final, cast

from itsdangerous import BadSignature, URLSafeTimedSerializer

from tiktok_events.outbox.store import Store

USED_S: Final = 3_600
"""A preview is good for so many seconds, and so long is it remembered that it was used."""


class Signer:
    """Signs with a secret that all processes share, in Redis.

    Args:
        store: the outbox.
    """

    def __init__(self, store: Store) -> None:
        self._redis = store.redis
        self._keys = store.shards.installation
        self._key = ""

    def sign(self, purpose: str, value: Any) -> str:
        """The value as a text that nobody else can write."""
        return str(self._serializer(purpose).dumps(value))

    def read(self, purpose: str, text: str, max_age_s: int) -> Any:
        """The value of a text; `None` if it is not ours, for another purpose, or too old."""
        try:
            return self._serializer(purpose).loads(text, max_age=max_age_s)
        except BadSignature:
            return None

    def mark(self, text: str) -> str:
        """What belongs to a text, for whoever knows the secret."""
        key = self._secret().encode()
        return hmac.new(key, text.encode(), sha256).hexdigest()

    def use(self, text: str) -> bool:
        """Whether this is the first use of a text, in any process."""
        digest = sha256(text.encode()).hexdigest()[:32]
        key = self._keys.console(f"used:{digest}")
        return bool(self._redis.set(key, 1, nx=True, ex=USED_S))

    def tries(self, who: str, window_s: int) -> int:
        """Count one more try of `who`; returns how many there were in this window."""
        key = self._keys.console(f"tries:{sha256(who.encode()).hexdigest()[:32]}")
        with self._redis.pipeline(transaction=True) as transaction:
            transaction.set(key, 0, nx=True, ex=window_s)
            transaction.incr(key)
            return int(transaction.execute()[1])

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._secret(), salt=f"tiktok_events.{purpose}")

    def _secret(self) -> str:
        """The secret of this installation, made by whoever needs it first."""
        if not self._key:
            key = self._keys.console("secret")
            self._redis.set(key, secrets.token_urlsafe(32), nx=True)
            self._key = cast("bytes", self._redis.get(key)).decode()
        return self._key
