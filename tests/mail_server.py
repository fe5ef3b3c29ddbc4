"""A real SMTP server on the loopback that can be told to misbehave, and counts what it accepted."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes
from email.message import Message
from typing import Any, Self

Step = str  # a command's name in capitals, "CONNECT", or "DOT" for the end of DATA
Reply = str | None  # None: the server's usual reply
DROP, SILENCE = "DROP", "SILENCE"  # close the line, or say nothing until the server ends

USUAL = {
    "CONNECT": "220 ready",
    "EHLO": "250-here\r\n250-PIPELINING\r\n250-SIZE 10000000\r\n250 AUTH PLAIN",
    "HELO": "250 here",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    "DOT": "250 2.0.0 queued",
    "RSET": "250 ok",
    "QUIT": "221 bye",
    "AUTH": "235 welcome",
}


class MailServer(socketserver.ThreadingTCPServer):
    """`misbehave` is asked before each reply, with the step and the text that came with it."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int = 0, host: str = "127.0.0.1", *, pipelining: bool = True) -> None:
        super().__init__((host, port), _Conversation)
        self.usual = USUAL if pipelining else USUAL | {"EHLO": "250 here"}
        self.accepted: list[Message] = []
        self.steps: list[Step] = []
        self.said: list[tuple[Step, int]] = []  # each reply that was written, and the client's port
        self.last_line = b""
        self.misbehave: Callable[[Step, str], Reply] = lambda step, text: None
        self.client = threading.local()  # whose conversation it is, as `misbehave` may want to know
        self.ended = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def accepted_ids(self) -> list[str]:
        return [str(message["Message-ID"]) for message in self.accepted]

    def misbehave_at(self, step: Step, *replies: Reply) -> None:
        """Give these replies, one a time, at this step; the usual ones afterwards."""
        left = list(replies)
        self.misbehave = lambda at, text: left.pop(0) if at == step and left else None

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.shutdown()
        self.server_close()


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.server.client.address, self.server.client.socket = self.client_address[0], self.connection
        with suppress(ConnectionError, _Dropped):
            self._converse()

    def _converse(self) -> None:
        self._answer("CONNECT", "")
        while line := self.rfile.readline().decode(errors="replace").strip():
            step = line.split(" ")[0].upper()
            if self._answer(step, line).startswith("354"):
                self._take_message()
            if step == "QUIT":
                return

    def _take_message(self) -> None:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
            self.server.last_line = line
        if not line:
            raise _Dropped
        message = message_from_bytes(b"".join(lines))
        reply = self.server.misbehave("DOT", str(message["Message-ID"])) or self.server.usual["DOT"]
        if reply[0] not in "45":  # also where it then says nothing: it has taken the email
            self.server.accepted.append(message)
        self._say("DOT", reply)

    def _answer(self, step: Step, text: str) -> str:
        reply = self.server.misbehave(step, text) or self.server.usual.get(step, "502 unknown command")
        self._say(step, reply)
        return reply

    def _say(self, step: Step, reply: str) -> None:
        self.server.steps.append(step)
        if reply == SILENCE:
            self.server.ended.wait()
        if reply in (SILENCE, DROP):
            raise _Dropped
        self.wfile.write(reply.encode() + b"\r\n")
        self.server.said.append((step, self.client_address[1]))
        if reply.startswith("421"):
            raise _Dropped


class _Dropped(Exception):
    pass


@contextmanager
def serving(settings: Any, **options: Any) -> Iterator[MailServer]:
    """Start one, and have the product send to it."""
    with MailServer(**options) as server:
        for name, value in settings_for(server).items():
            setattr(settings, name, value)
        yield server


def settings_for(server: MailServer, **more: Any) -> dict[str, Any]:
    return {
        "EMAIL_BACKEND": "feedback.smtp.EmailBackend",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": server.port,
        "EMAIL_TIMEOUT": 1,
    } | more
