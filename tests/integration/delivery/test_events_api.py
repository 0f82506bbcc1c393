"""The HTTP client against real sockets: what goes out, and how every end of it is judged."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from pathlib import Path

import orjson
import pytest

from tests.builders.raw_answers import BODY, SUCCESS, TIMEOUT_S, Serve, answer, api
from tiktok_events_sandbox import Sandbox
from worker.attempts.verdict import Verdict
from worker.delivery.events_api import PATH
from worker.local.loopback import free_port

# --- what goes out -------------------------------------------------------------------------


def test_the_sandbox_accepts_what_is_sent() -> None:
    """Path, token, content type and envelope are those of the documentation."""
    event = {"event": "Lead", "event_time": int(time.time()), "event_id": "1",
             "page": {"url": "https://shop.example/"}}  # fmt: skip
    body = {"event_source": "web", "event_source_id": "PIXEL1", "data": [event]}
    with Sandbox(tokens={"secret": {"PIXEL1"}}) as sandbox:
        exchange = api(sandbox.url).send(orjson.dumps(body), "secret")
        assert (exchange.answer.verdict, sandbox.report().distinct) == (Verdict.DELIVERED, 1)


def test_a_wrong_token_is_a_credential_fault() -> None:
    """The sandbox says so inside an HTTP 200."""
    with Sandbox(tokens={"secret": {"PIXEL1"}}) as sandbox:
        answered = api(sandbox.url).send(BODY, "other").answer
    assert (answered.verdict, answered.http_status) == (Verdict.CREDENTIAL, 200)


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_request_is_complete(serve: Serve, slash: str) -> None:
    """One POST with the token, the content type and the body as it was given."""
    server = serve(answer(SUCCESS))
    api(server.url + slash).send(BODY, "secret")
    (request,), (headers,) = server.requests, server.headers
    assert request.startswith(f"POST {PATH} HTTP/1.1\r\n".encode())
    assert request.endswith(b"\r\n\r\n" + BODY)
    assert {
        "access-token": "secret",
        "content-type": "application/json",
        "user-agent": "tiktok-events-worker",
    }.items() <= headers.items()
    assert {"authorization", "cookie"}.isdisjoint(headers)


def test_each_request_carries_its_own_token(serve: Serve) -> None:
    """One session serves all destinations of a thread."""
    server = serve(answer(SUCCESS))
    client = api(server.url)
    for token in ("one", "two"):
        client.send(BODY, token)
    assert [headers["access-token"] for headers in server.headers] == ["one", "two"]


def test_a_cookie_is_not_sent_back(serve: Serve) -> None:
    """It would link the requests of different tokens."""
    server = serve(answer(SUCCESS, "Set-Cookie: session=1; Path=/"))
    client = api(server.url)
    for _ in range(2):
        client.send(BODY, "secret")
    assert "cookie" not in server.headers[1]


def test_netrc_is_ignored(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password of the machine's owner has no place in these requests."""
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login owner password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    server = serve(answer(SUCCESS))
    api(server.url).send(BODY, "secret")
    assert "authorization" not in server.headers[0]


# --- connections ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [
        answer(SUCCESS),
        answer(b'{"code":40002}', status="400 Bad Request"),
        answer(b"<html>", status="502 Bad Gateway"),
        answer(b""),
        answer(gzip.compress(SUCCESS), "Content-Encoding: gzip"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b'5\r\n{"cod\r\n5\r\ne":0}\r\n0\r\n\r\n'),
        b"HTTP/1.1 204 No Content\r\n\r\n",
    ],
    ids=["success", "refusal", "html", "empty", "gzip", "chunked", "no content"],
)  # fmt: skip
def test_a_thread_reuses_its_connection(serve: Serve, reply: bytes) -> None:
    """After every kind of complete answer."""
    server = serve(reply)
    client = api(server.url)
    verdicts = {client.send(BODY, "secret").answer.verdict for _ in range(3)}
    assert (server.connections, len(server.requests), len(verdicts)) == (1, 3, 1)


def test_each_thread_has_a_connection_of_its_own(serve: Serve) -> None:
    """Answers cannot be taken for one another."""
    server = serve(answer(SUCCESS))
    client = api(server.url)
    together = threading.Barrier(3)

    def run() -> None:
        for _ in range(3):
            together.wait(10)
            client.send(BODY, "secret")

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (server.connections, len(server.requests)) == (3, 9)


def test_a_connection_that_was_closed_while_idle_is_replaced(serve: Serve) -> None:
    """Servers end idle connections; that is no failure."""

    def once(connection: socket.socket) -> bool:
        connection.sendall(answer(SUCCESS))
        return False

    server = serve(once)
    client = api(server.url)
    client.send(BODY, "secret")
    assert server.closed.wait(10)
    assert client.send(BODY, "secret").answer.verdict is Verdict.DELIVERED


def test_a_redirect_is_not_followed(serve: Serve) -> None:
    """The token does not go where an answer points."""
    elsewhere = serve(answer(SUCCESS))
    server = serve(answer(b"", f"Location: {elsewhere.url}/", status="307 Temporary Redirect"))
    answered = api(server.url).send(BODY, "secret").answer
    assert (answered.verdict, elsewhere.connections) == (Verdict.CONFIGURATION, 0)


@pytest.mark.parametrize("location", ["/elsewhere", "http://["])
def test_a_redirect_is_an_answer_with_a_body(serve: Serve, location: str) -> None:
    """Wherever it leads: a success and a redirect at once may have been accepted."""
    server = serve(answer(SUCCESS, f"Location: {location}", status="302 Found"))
    answered = api(server.url).send(BODY, "secret").answer
    assert (answered.verdict, answered.code) == (Verdict.AMBIGUOUS, 0)


def test_an_answer_carries_what_its_headers_say(serve: Serve) -> None:
    """The server's advice on when to come back."""
    server = serve(answer(b"", "retry-after: 7", status="429 Too Many Requests"))
    answered = api(server.url).send(BODY, "secret").answer
    assert (answered.verdict, answered.retry_after_s) == (Verdict.THROTTLED, 7.0)


def test_an_exchange_tells_when_and_how_long(serve: Serve) -> None:
    """Unix seconds of the start, seconds until the whole answer."""

    def later(connection: socket.socket) -> None:
        server.wait(0.1)
        connection.sendall(answer(SUCCESS))

    server = serve(later)
    before = time.time()
    exchange = api(server.url).send(BODY, "secret")
    assert before <= exchange.started_at <= time.time()
    assert 0.1 <= exchange.duration_s < TIMEOUT_S


# --- no connection -------------------------------------------------------------------------


def test_a_refused_connection_is_transient() -> None:
    """Nothing was sent."""
    answered = api(f"http://127.0.0.1:{free_port()}").send(BODY, "secret").answer
    assert (answered.verdict, answered.http_status) == (Verdict.TRANSIENT, None)


def test_a_host_without_an_address_is_transient() -> None:
    """Name servers fail and come back."""
    answered = api("http://no-such-host.invalid").send(BODY, "secret").answer
    assert answered.verdict is Verdict.TRANSIENT


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "ftp://127.0.0.1", "nonsense"])
def test_an_address_that_is_none_is_a_configuration_fault(url: str) -> None:
    """No retry mends it."""
    assert api(url).send(BODY, "secret").answer.verdict is Verdict.CONFIGURATION
