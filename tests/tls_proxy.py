"""TLS in front of a server that has none: the Redis that comes along is built without it.

Who speaks none, as its Sentinel, is passed on as well.
"""

import socket
import socketserver
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

CLIENT_HELLO = b"\x16"


class TlsProxy(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext, behind: Path | int) -> None:
        super().__init__(("127.0.0.1", 0), _Line)
        self.context, self.behind = context, behind

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Line(socketserver.BaseRequestHandler):
    server: TlsProxy

    def handle(self) -> None:
        with suppress(OSError), self._outside() as outside, self._inside() as inside:
            answers = threading.Thread(target=_pass_on, args=(inside, outside), daemon=True)
            answers.start()
            _pass_on(outside, inside)
            answers.join()

    def _outside(self) -> socket.socket:
        line: socket.socket = self.request
        if line.recv(1, socket.MSG_PEEK) == CLIENT_HELLO:
            return self.server.context.wrap_socket(line, server_side=True)
        return line

    def _inside(self) -> socket.socket:
        behind = self.server.behind
        if isinstance(behind, int):
            return socket.create_connection(("127.0.0.1", behind))
        inside = socket.socket(socket.AF_UNIX)
        inside.connect(str(behind))
        return inside


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
