"""The sandbox over real sockets: what a sender meets on the wire."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing

import orjson
import pytest
import requests

from tests.builders.sandbox_requests import PATH, body, post, raw_until_closed
from tiktok_events_sandbox import Report, Sandbox, ScenarioError

SERVE = "from tiktok_events_sandbox.command import sandbox; sandbox()"


def test_events_are_accepted_and_counted(sandbox: Sandbox, session: requests.Session) -> None:
    """A request of the documented form is answered with code 0."""
    answer = post(sandbox, session, 1, 2, 3)
    assert (answer.status_code, answer.json()["code"]) == (200, 0)
    assert sandbox.report().distinct == 3


def test_a_connection_serves_many_requests(sandbox: Sandbox) -> None:
    """Keep-alive holds over successes and refusals."""
    connection = http.client.HTTPConnection(sandbox.host, sandbox.port, timeout=10)
    connection.connect()
    first = connection.sock
    headers = {"Access-Token": "secret", "Content-Type": "application/json"}
    with closing(connection):
        for content in (orjson.dumps(body(1)), b"{", orjson.dumps(body(2))):
            connection.request("POST", PATH, content, headers)
            connection.getresponse().read()
        assert first is connection.sock
    assert (sandbox.report().requests, sandbox.report().distinct) == (3, 2)


def test_concurrent_senders_are_counted_exactly(sandbox: Sandbox) -> None:
    """Four senders at once lose and repeat nothing."""

    def run(first: int) -> None:
        with requests.Session() as own:
            own.trust_env = False
            own.headers["Access-Token"] = "secret"
            for number in range(first, first + 25):
                post(sandbox, own, number)

    threads = [threading.Thread(target=run, args=(first,)) for first in (0, 25, 50, 75)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report = sandbox.report()
    assert (report.requests, report.distinct, report.repeated) == (100, 100, 0)


def test_an_unknown_path_is_404_in_the_envelope(
    sandbox: Sandbox, session: requests.Session
) -> None:
    """Another path draws HTTP 404 with code 40400."""
    answer = session.post(f"{sandbox.url}/open_api/v1.3/other/", json={}, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (404, 40400)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", b"411"),
        (b"\r\n", b"411"),
        (b"Content-Length: many\r\n\r\n", b"400"),
        (b"Content-Length: -1\r\n\r\n", b"400"),
        (b"Content-Length: 99999999999\r\n\r\n{}", b"413"),
    ],
)
def test_unusable_framing_is_answered_and_the_connection_closed(
    sandbox: Sandbox, headers: bytes, status: bytes
) -> None:
    """Chunked, lengthless and oversized requests draw an HTTP error, not a hang."""
    head = b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\nAccess-Token: secret\r\n"
    answer = raw_until_closed(sandbox, head + headers)
    assert status == answer.split(b" ")[1]


def test_a_body_cut_short_counts_nothing(sandbox: Sandbox) -> None:
    """A sender that dies in the middle of its body has sent no request."""
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAccess-Token: secret\r\nContent-Length: 99\r\n\r\n"
    assert raw_until_closed(sandbox, head.encode() + b"{") == b""
    assert sandbox.report().requests == 0


def test_an_answer_leaves_in_one_piece(sandbox: Sandbox) -> None:
    """Status, headers and body arrive with one receive."""
    request = f"GET /sandbox/health HTTP/1.1\r\nHost: {sandbox.host}\r\n\r\n"
    with socket.create_connection((sandbox.host, sandbox.port), timeout=10) as connection:
        connection.sendall(request.encode())
        assert connection.recv(65536).endswith(b'{"status":"ok"}')


def test_rules_and_figures_are_reached_over_http(
    sandbox: Sandbox, session: requests.Session
) -> None:
    """Another process may add a fault, read the figures, clear the faults and start over."""
    control = f"{sandbox.url}/sandbox"
    rule = {"name": "down", "effect": {"kind": "answer", "code": 50000}}
    added = session.post(f"{control}/rules", json=rule, timeout=10)
    names = session.get(f"{control}/rules", timeout=10).json()
    codes = [post(sandbox, session).json()["code"]]
    session.delete(f"{control}/rules", timeout=10)
    codes.append(post(sandbox, session).json()["code"])
    report = session.get(f"{control}/report", timeout=10).json()
    session.post(f"{control}/reset", timeout=10)
    assert (added.status_code, names, codes) == (201, {"rules": ["down"]}, [50000, 0])
    assert (report["requests"], report["refused_requests"]) == (2, {"50000": 1})
    assert Report() == sandbox.report()


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"effect": {"kind": "boom"}}'])
def test_a_wrong_rule_over_http_is_refused(
    sandbox: Sandbox, session: requests.Session, content: bytes
) -> None:
    """The answer says what is wrong with the rule."""
    answer = session.post(f"{sandbox.url}/sandbox/rules", data=content, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_wrong_rule_raises(sandbox: Sandbox) -> None:
    """The same holds in the process."""
    with pytest.raises(ScenarioError, match=r"rule 'late': effect\.delay_s: missing"):
        sandbox.rule({"kind": "slow"}, name="late")


def test_stop_ends_hanging_connections_at_once(session: requests.Session) -> None:
    """A sender that waits is cut off when the sandbox stops."""
    with Sandbox() as sandbox:
        sandbox.rule({"kind": "hang", "max_s": 600, "accept": True})
        failures: list[BaseException] = []

        def wait() -> None:
            try:
                post(sandbox, session)
            except requests.RequestException as error:
                failures.append(error)

        sender = threading.Thread(target=wait)
        sender.start()
        deadline = time.monotonic() + 10
        while sandbox.report().distinct == 0 and time.monotonic() < deadline:
            os.sched_yield()
        started = time.monotonic()
    sender.join(timeout=10)
    assert time.monotonic() - started < 2
    assert [requests.ConnectionError] == [type(failure) for failure in failures]


def test_a_sandbox_comes_back_on_its_port_with_its_memory(session: requests.Session) -> None:
    """Between stop and start the port refuses; figures outlive it."""
    sandbox = Sandbox()
    with sandbox:
        url = sandbox.url
        post(sandbox, session)
    with pytest.raises(requests.ConnectionError, match="refused"):
        post(sandbox, session)
    with sandbox:
        post(sandbox, session)
        assert (url, 1, 1) == (sandbox.url, sandbox.report().distinct, sandbox.report().repeated)


def test_a_sandbox_cannot_run_twice(sandbox: Sandbox) -> None:
    """Starting a running sandbox is a mistake."""
    with pytest.raises(RuntimeError, match="running already"):
        sandbox.start()


def test_the_repr_shows_no_token(sandbox: Sandbox) -> None:
    """Tokens stay out of the repr."""
    assert "secret" not in repr(sandbox)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_reports_when_it_is_told_to_end(
    session: requests.Session, number: signal.Signals
) -> None:
    """The command names its URL, serves, and prints one JSON object at the signal."""
    command = [sys.executable, "-c", SERVE, "--port", "0", "--token", "secret=PIXEL1"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            line = process.stderr.readline() if process.stderr else ""
            url = line.removeprefix("export TIKTOK_EVENTS_API_URL=").strip()
            session.post(url + PATH, json=body(1), timeout=10)
            process.send_signal(number)
            output, _ = process.communicate(timeout=10)
        finally:
            process.kill()
    assert process.returncode == 0
    assert orjson.loads(output)["destinations"]["web:PIXEL1"]["distinct"] == 1
