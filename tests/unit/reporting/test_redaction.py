"""Texts that come from elsewhere, and what is left of them."""

from __future__ import annotations

import time

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from worker.reporting.redaction import MAX_CHAIN, MAX_TEXT, failures, redacted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sent to jo@example.com.", "sent to [e-mail]"),
        ("sent to <jo@example.com>,", "sent to <[e-mail]>,"),
        ("jo%40example.com", "[e-mail]"),
        ("jo\uff20example.com", "[e-mail]"),
        ("call +49 (30) 1234-567 now", "call [number] now"),
        ("call 030/1234567", "call [number]"),
        ("token " + "0aF1" * 10, "token [digest]"),
        ("hash " + "0af1" * 16 + " refused", "hash [digest] refused"),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer [token]"),
        ("{'first_name': 'Ada', 'city': \"Ulm\"}", "{'first_name': [value], 'city': [value]}"),
        ('"external_id": ["c-1"], "x": 1', '"external_id": [value], "x": 1'),
        (r"{\"external_id\": \"c-1\"}", r"{\"external_id\": [value]}"),
        ("last_name='cut off", "last_name=[value]"),
    ],
)
def test_a_value_becomes_a_word(text: str, expected: str) -> None:
    """Addresses, numbers, tokens, digests and quoted match keys."""
    assert redacted(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "user.email.0: must be a string",
        "properties.value: must be a number from 0 to 1,000,000",
        "Access token is incorrect or has been revoked.",
        "code 40105, HTTP 401, 1000 events",
        "Batch.17.properties.contents: refused",
    ],
)
def test_a_sentence_without_values_stays(text: str) -> None:
    """What is wrong remains readable."""
    assert redacted(text) == text


@pytest.mark.parametrize(
    "kept",
    [
        "web:C0EXAMPLE0PIXEL0CODE",
        "web:CA12345678901234567X",
        "web:12345678901234567PIX",
        "app:7012345678901234567",
        "2026-11-30",
        "2026-11-30T18:00:00Z",
        "2026-11-30 18:00",
    ],
)
def test_a_destination_and_a_date_are_no_numbers(kept: str) -> None:
    """Though ten of their characters are figures in a row."""
    assert redacted(f"{kept} is parked") == f"{kept} is parked"


@pytest.mark.parametrize(
    "phone", ["4917012345678", "+49 170 1234567", "2030-112233", "00491701234567"]
)
def test_a_phone_number_is_one_beside_them(phone: str) -> None:
    """Whatever it begins with."""
    assert redacted(f"web:C0EXAMPLE0PIXEL0CODE {phone}") == "web:C0EXAMPLE0PIXEL0CODE [number]"


@pytest.mark.parametrize(
    "text",
    [
        "event_time: must be in seconds, not milliseconds: here 1767225600",
        "Error 111 connecting to 127.0.0.1:16379. Connection refused.",
        "since 2026-11-30 18:00:00",
        "at most 104857600 bytes",
    ],
)
def test_a_sentence_of_ours_keeps_its_figures(text: str) -> None:
    """Nobody's number stands in it; an address still may, and goes."""
    assert redacted(text, ours=True) == text
    assert redacted(f"{text} ann@example.com", ours=True) == f"{text} [e-mail]"


def test_a_failure_to_connect_names_the_server() -> None:
    """Whoever reads it must know where to look."""
    error = RedisConnectionError("Error 111 connecting to 127.0.0.1:16379. Connection refused.")
    assert failures(error)[0].text == str(error)


def test_a_long_text_is_cut() -> None:
    """A log line has an end."""
    assert len(redacted("word " * 10_000)) == MAX_TEXT


def test_a_text_is_not_cut_within_a_value() -> None:
    """Half an address has no pattern, so it is not read at all."""
    assert redacted("jo" * 5_000 + "@example.com") == "[one long word]"


@pytest.mark.parametrize("piece", ["a", "1 ", "@", "name='", "aaa %", "+1(", '\\\\"'])
def test_a_hostile_text_costs_little(piece: str) -> None:
    """An answer of a megabyte does not stop a worker."""
    began = time.process_time()
    redacted(piece * (1_000_000 // len(piece)))
    assert time.process_time() - began < 0.5


def test_a_chain_of_failures_has_an_end() -> None:
    """Causes are followed as Python prints them, not for ever."""
    error = ValueError("0")
    for _ in range(MAX_CHAIN * 2):
        outer = ValueError("1")
        outer.__cause__, error = error, outer
    assert len(failures(error)) == MAX_CHAIN


def test_a_suppressed_context_is_not_reported() -> None:
    """`raise … from None` hides what came before."""
    error = ValueError("outer")
    error.__context__ = KeyError("inner")
    error.__suppress_context__ = True
    assert [failure.type for failure in failures(error)] == ["ValueError"]


@pytest.mark.parametrize(
    "kept",
    [
        "Cannot connect to redis://127.0.0.1:21998/0",
        "Error 111 connecting to 203.0.113.7:6379. Connection refused.",
        "the API at https://198.51.100.20/open_api",
        "10.20.30.40 refuses connections",
        "172.16.254.1 and 192.168.100.200",
        "C0EXAMPLE0PIXEL0CODE on port 20443",
    ],
)
def test_the_address_of_a_server_is_no_number(kept: str) -> None:
    """Whoever mends it must read it."""
    assert redacted(kept) == kept


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ip 203.0.113.77 is not allowed", "ip [number] is not allowed"),
        ("call +49.30.12.34.56", "call [number]"),
        ("call 030.1234.5678", "call [number]"),
        ("redis://jo:hunter2@10.0.0.1:6379/0", "redis://[login]@10.0.0.1:6379/0"),
        ("redis://:hunter2@redis:6379/0", "redis://[login]@redis:6379/0"),
    ],
)
def test_a_visitor_and_a_login_are_not_shown(text: str, expected: str) -> None:
    """Beside addresses of servers."""
    assert redacted(text) == expected
