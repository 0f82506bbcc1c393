"""The serving process: listens, answers, and ends in order."""

from __future__ import annotations

import socket
from typing import Final

import uvicorn

from tiktok_events.client import connect
from tiktok_events.errors import InvalidSetting, TikTokEventsError
from tiktok_events.outbox.store import Store
from tiktok_events.settings import ENVIRONMENT_PREFIX
from worker.reporting.log import Log
from worker.reporting.logging import configure_logging
from worker.reporting.outage import REDIS_OUTAGE
from worker.serving.app import create_app
from worker.serving.site import Site
from worker.serving.tokens import Tokens
from worker.serving.watch import Watch
from worker.setting_checks import is_this_machine
from worker.settings import Settings

log = Log("tiktok_events.serving")

ENDS_WITHIN_S: Final = 5
"""What is being answered at a SIGTERM has so long to be answered."""


class CannotListen(TikTokEventsError):
    """The address is not of this machine, or another program has the port."""


def serve(settings: Settings) -> None:
    """Answer requests until a signal; then what is under way is still answered.

    Raises:
        InvalidSetting: it would listen to other machines without tokens, or their file is wrong.
        CannotListen: not at this address.
    """
    tokens = _tokens(settings)
    _check_proxy(settings)
    with _listening(settings) as listener:
        configure_logging(settings)
        REDIS_OUTAGE.url = settings.redis_url
        _answer(listener, settings, tokens)


def _answer(listener: socket.socket, settings: Settings, tokens: Tokens | None) -> None:
    with (
        Store(connect(settings), settings.layout) as store,
        Watch(store, settings) as watch,
    ):
        site = Site(store, settings, tokens, watch)
        watch.then = site.note
        config = uvicorn.Config(
            create_app(site),
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # the machine at the other end is asked for, not whom it names
            timeout_graceful_shutdown=ENDS_WITHIN_S,
        )
        host, port = listener.getsockname()[:2]
        log.info("serving", address=f"http://{f'[{host}]' if ':' in host else host}:{port}")
        uvicorn.Server(config).run(sockets=[listener])


def _tokens(settings: Settings) -> Tokens | None:
    if settings.serve_tokens_file is not None:
        return Tokens(settings.serve_tokens_file)
    if not is_this_machine(settings.serve_host):
        raise InvalidSetting(
            f"{ENVIRONMENT_PREFIX}SERVE_TOKENS_FILE must be given: "
            f"{ENVIRONMENT_PREFIX}SERVE_HOST = {settings.serve_host} lets other machines ask; "
            f"`tiktok-events serve token NAME --role view` makes a token"
        )
    return None


def _check_proxy(settings: Settings) -> None:
    """A header that says who somebody is must come from known machines, and name known people."""
    header, networks = settings.serve_proxy_header, settings.serve_proxy_networks
    if (header is None) != (networks is None):
        raise InvalidSetting(
            f"{ENVIRONMENT_PREFIX}SERVE_PROXY_HEADER and {ENVIRONMENT_PREFIX}SERVE_PROXY_NETWORKS "
            "must be given together: anybody else could send that header, too"
        )
    if header is not None and settings.serve_tokens_file is None:
        raise InvalidSetting(
            f"{ENVIRONMENT_PREFIX}SERVE_TOKENS_FILE must be given: it says who may do what, "
            "with a line such as `jo@shop.example edit proxy`"
        )


def _listening(settings: Settings) -> socket.socket:
    host, port = settings.serve_host, settings.serve_port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise CannotListen(f"cannot listen at {host}, port {port}: {error.strerror}") from error
    # Connections inherit it. asyncio sets it only for sockets of another maker, and without it
    # an answer waits 40 ms for the acknowledgement of its own head.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
