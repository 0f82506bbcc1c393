"""The Events API over a real socket: answers that are cut, late, or too long."""

from __future__ import annotations

import gzip
import socket
import struct
from collections.abc import Callable

import pytest

from tests.builders.raw_answers import BODY, SUCCESS, TIMEOUT_S, Serve, answer, api
from tests.integration.conftest import RawServer
from worker.attempts.verdict import Verdict
from worker.delivery.events_api import MAX_ANSWER_BYTES

# --- no whole answer -----------------------------------------------------------------------


def reset(connection: socket.socket) -> bool:
    """End the connection the hard way."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def close(_connection: socket.socket) -> bool:
    """End the connection without a word."""
    return False


def sending(data: bytes) -> Callable[[socket.socket], bool]:
    """Send this and end the connection."""

    def send(connection: socket.socket) -> bool:
        connection.sendall(data)
        return False

    return send


@pytest.mark.parametrize(
    "reply",
    [
        reset,
        close,
        sending(b"HTTP/1.1 200"),
        sending(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + SUCCESS),
        sending(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" + SUCCESS),
        sending(b"HTTP/1.1 200 OK\r\n\r\n" + SUCCESS[:-1]),
        sending(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nno gzip"),
        sending(b"220 smtp.example ESMTP\r\n"),
        sending(b"\x15\x03\x01\x00\x02\x02\x46"),
    ],
    ids=["reset", "close", "in head", "in body", "in chunk", "in JSON", "gzip", "smtp", "tls"],
)
def test_an_answer_that_was_cut_is_ambiguous(
    serve: Serve, reply: Callable[[socket.socket], bool]
) -> None:
    """The request arrived and may have been carried out; a part of an answer is none."""
    server = serve(reply)
    assert api(server.url).send(BODY, "secret").answer.verdict is Verdict.AMBIGUOUS
    assert len(server.requests) == 1


def test_no_answer_in_time_is_ambiguous(serve: Serve) -> None:
    """The time-out is kept, and the request is not repeated here."""
    server: RawServer = serve(lambda _: server.wait(30))
    exchange = api(server.url).send(BODY, "secret")
    assert exchange.answer.verdict is Verdict.AMBIGUOUS
    assert TIMEOUT_S <= exchange.duration_s < TIMEOUT_S * 5
    assert len(server.requests) == 1


HEADS = {
    "keeping": b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n",
    "closing": b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nConnection: close\r\n\r\n",
    "endless": b"HTTP/1.1 200 OK\r\n\r\n",
    "redirecting": b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 5000\r\n\r\n",
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_an_answer_that_trickles_ends_at_the_deadline(serve: Serve, head: bytes) -> None:
    """A byte now and then would hold the claim beyond its lease."""

    def trickle(connection: socket.socket) -> None:
        connection.sendall(head)
        while server.wait(0.05):
            connection.sendall(b" ")

    server = serve(trickle)
    exchange = api(server.url).send(BODY, "secret")
    assert exchange.answer.verdict is Verdict.AMBIGUOUS
    assert TIMEOUT_S * 0.9 <= exchange.duration_s < TIMEOUT_S * 5


def test_an_answer_that_stops_in_the_middle_ends_at_the_deadline(serve: Serve) -> None:
    """The time-out is for the whole answer, not for each piece of it."""

    def stall(connection: socket.socket) -> None:
        connection.sendall(HEADS["keeping"])
        server.wait(1.4)
        connection.sendall(b"{")
        server.wait(30)

    server = serve(stall)
    exchange = api(server.url, timeout_s=2).send(BODY, "secret")
    assert exchange.answer.verdict is Verdict.AMBIGUOUS
    assert 1.9 <= exchange.duration_s < 3


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_that_is_too_long_is_ambiguous(serve: Serve, *, packed: bool) -> None:
    """It is not read to its end, nor unpacked, and its connection is not used again."""
    content = b'{"code":0,"message":"' + b"x" * (8 * MAX_ANSWER_BYTES) + b'"}'
    whole = (
        answer(gzip.compress(content, 1), "Content-Encoding: gzip") if packed else answer(content)
    )
    server = serve(whole)
    client = api(server.url, timeout_s=10)
    answered = client.send(BODY, "secret").answer
    assert (answered.verdict, answered.http_status) == (Verdict.AMBIGUOUS, 200)
    client.send(BODY, "secret")
    assert server.connections == 2


def test_an_answer_of_the_largest_size_is_read(serve: Serve) -> None:
    """Up to the limit it counts."""
    padding = b"x" * (MAX_ANSWER_BYTES - len(b'{"code":0,"message":""}'))
    server = serve(answer(b'{"code":0,"message":"' + padding + b'"}'))
    assert api(server.url, timeout_s=10).send(BODY, "secret").answer.verdict is Verdict.DELIVERED


def test_the_next_request_has_the_whole_time_again(serve: Serve) -> None:
    """What was left of the last one's does not bind it."""
    pauses = iter([(0.0, 0.7, 0.1), (0.7, 0.0, 0.0)])

    def later(connection: socket.socket) -> None:
        parts = (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{", b'"code"', b":0}")
        for pause_s, part in zip(next(pauses), parts, strict=True):
            server.wait(pause_s)
            connection.sendall(part)

    server = serve(later)
    client = api(server.url, timeout_s=1)
    verdicts = [client.send(BODY, "secret").answer.verdict for _ in range(2)]
    assert (verdicts, server.connections) == ([Verdict.DELIVERED] * 2, 1)
