"""TLS in front of a server that has none: the Redis that comes along is built without it."""

import socket
import socketserver
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self


class TlsProxy(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext, behind: Path) -> None:
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
        with suppress(OSError), self.server.context.wrap_socket(self.request, server_side=True) as outside:
            with socket.socket(socket.AF_UNIX) as inside:
                inside.connect(str(self.server.behind))
                answers = threading.Thread(target=_pass_on, args=(inside, outside), daemon=True)
                answers.start()
                _pass_on(outside, inside)
                answers.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
