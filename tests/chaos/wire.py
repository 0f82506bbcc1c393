"""The network between workers and the server: a TCP proxy whose wire can be cut.

While it is cut nothing arrives, nothing is refused and nothing is reset, as when a cable is
pulled: only time-outs tell. What was sent meanwhile arrives when it is mended, as TCP's own
retransmission would bring it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Final, Self

HOST: Final = "127.0.0.1"
CHUNK: Final = 65_536
BACKLOG: Final = 1
"""Connections that the kernel makes though nobody accepts: beyond it, it drops what asks."""


class Wire:
    """Forwards connections to a port of this machine; a context manager.

    Those who connect to it must be gone, or have closed their connections, when it ends.

    Args:
        port: where to.
    """

    def __init__(self, port: int) -> None:
        self._target = (HOST, port)
        self._listening = socket.create_server((HOST, 0), backlog=BACKLOG)
        self._whole = threading.Event()
        self._whole.set()
        self._accepting = threading.Thread(target=self._accept)
        self._carrying: list[threading.Thread] = []

    @property
    def url(self) -> str:
        """Database 0 of the server at its other end."""
        return f"redis://{HOST}:{self._listening.getsockname()[1]}/0"

    def cut(self) -> None:
        """From now on nothing gets through, in either direction."""
        self._whole.clear()

    def mend(self) -> None:
        """Everything gets through again."""
        self._whole.set()

    def lead_to(self, port: int) -> None:
        """New connections end there, as when a name gets another address."""
        self._target = (HOST, port)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            self._whole.wait()
            self._carrying.append(threading.Thread(target=self._carry, args=(near,)))
            self._carrying[-1].start()

    def _carry(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError), socket.create_connection(self._target) as far:
            back = threading.Thread(target=self._forward, args=(far, near))
            back.start()
            self._forward(near, far)
            back.join()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                self._whole.wait()
                sink.sendall(data)
        self._whole.wait()
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.mend()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._accepting.join()
        for thread in self._carrying:
            thread.join()
