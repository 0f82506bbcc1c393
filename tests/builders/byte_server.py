"""A server of this process that speaks bytes, a thread for each connection."""

from __future__ import annotations

import contextlib
import socket
import threading


class ByteServer:
    """Listens on a free port and serves each connection in a thread; a base.

    Attributes:
        connections: how many were accepted.
    """

    def __init__(self) -> None:
        self.connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listening.getsockname()[1]
        return port

    def stop(self) -> None:
        """Cut everything and wait for the threads."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._threads[0].join()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()

    def serve(self, connection: socket.socket) -> None:
        """Serve one connection to its end."""
        raise NotImplementedError

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            self._threads.append(threading.Thread(target=self.serve, args=(connection,)))
            self._threads[-1].start()
