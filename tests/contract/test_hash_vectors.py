"""The digests that TikTok and its connectors publish are the digests we send.

Sources (read 2026-11-22): the portal's examples through github.com/bububa/tiktok-business
``model/event/track.go``; github.com/segmentio/action-destinations ``tiktok-conversions``;
github.com/PostHog/posthog ``tiktok_ads``; ``step.ts`` of walkerOS. The digests of
``first_name`` and ``zip_code`` come from developers who quote the portal.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tiktok_events.event.match_keys import hash_text, prepare_user

if TYPE_CHECKING:
    from collections.abc import Callable

VECTORS = [
    (
        "email",
        " ALICE_abc@gmail.com ",
        "alice_abc@gmail.com",
        "848a771458438fc2ec420560d769fb9b9b86851ee338ec56517baabd79d3bb4f",
    ),
    (
        "phone",
        "(+1)2133734253",
        "+12133734253",
        "9f7ec22d72092cd3c0b58726ed9c2d91b92e51a3f29837508fb2948bb22dd2fd",
    ),
    (
        "external_id",
        "user_123",
        "user_123",
        "80fba0ae1c48e3978e43e4efc365e14e12ea0c830ba8ba5b9a2dafc7e3f2ab8b",
    ),
    (
        "first_name",
        "Jane",
        "jane",
        "81f8f6dde88365f3928796ec7aa53f72820b06db8664f5fe76a7eb13e24546a2",
    ),
    (
        "zip_code",
        "95110",
        "95110",
        "383f7fffd99f3b1c3066086bcf991eae7ad543589d12bd792ecb6dc8b5acebc1",
    ),
    (
        "zip_code",
        "M5V 3L9",
        "m5v3l9",
        "5c850751d57c5d887fe7807d3da801efe7e8faa1f105ea36cdcd913dd32a41c7",
    ),
    (
        "email",
        "bugsbunny@warnerbros.com",
        "bugsbunny@warnerbros.com",
        "67e28cdcc3e845d3a4da05ca9fe5ddb7320a83b4cc2167f0555a3b04f63511e3",
    ),
    (
        "phone",
        "+12345678901234",
        "+12345678901234",
        "00a63bd0437d6ca0fa7b95c00ab2e7c020faa71440e5246750d6b517689e6777",
    ),
    (
        "phone",
        "+1234567890",
        "+1234567890",
        "422ce82c6fc1724ac878042f7d055653ab5e983d186e616826a72d4384b68af8",
    ),
    (
        "external_id",
        "user-123",
        "user-123",
        "fcdec6df4d44dbc637c7c5b58efface52a7f8a88535423430255be0bb89bedd8",
    ),
]


@pytest.mark.parametrize(("key", "raw", "_prepared", "digest"), VECTORS)
@pytest.mark.parametrize("region", [None, "US", "DE"])
def test_a_published_raw_value_gets_its_published_digest(
    key: str, raw: str, _prepared: str, digest: str, region: str | None
) -> None:
    """Preparing the raw value gives the digest of the table, whatever the default region."""
    assert {key: digest} == prepare_user({key: raw}, region)


@pytest.mark.parametrize(("key", "_raw", "prepared", "digest"), VECTORS)
def test_the_digest_is_sha_256_of_the_prepared_text(
    key: str, _raw: str, prepared: str, digest: str
) -> None:
    """The table itself is right: its digests are those of its prepared values."""
    assert digest == hash_text(prepared) == hashlib.sha256(prepared.encode()).hexdigest()


@pytest.mark.parametrize(("key", "_raw", "_prepared", "digest"), VECTORS)
@pytest.mark.parametrize("write", [str.lower, str.upper, " {}\n".format])
def test_a_digest_passes_unchanged(
    key: str, _raw: str, _prepared: str, digest: str, write: Callable[[str], str]
) -> None:
    """A digest is not hashed again; it is trimmed, and its letters become small."""
    assert {key: digest} == prepare_user({key: write(digest)})
