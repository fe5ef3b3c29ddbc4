"""`python -m project.mailbox FD FOLDER`: takes mail on a listening socket that it inherited."""

import asyncio
import signal
import socket
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from project.mailbox.store import keep

GOODBYE_SECONDS = 5  # for a sender that is in the middle of an email when we are told to end


class Sink:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(  # noqa: N802  (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.original_content or b""
        kept = keep(self.folder, _envelope_headers(envelope) + content)
        return f"250 OK, kept as {kept}"


async def main(listening: socket.socket, folder: Path) -> None:
    loop, told_to_end = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_end.set)
    sink = Sink(folder)
    server = await loop.create_server(lambda: SMTP(sink, enable_SMTPUTF8=True), sock=listening)
    await told_to_end.wait()
    server.close()
    if senders := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(senders, timeout=GOODBYE_SECONDS)


def _envelope_headers(envelope: Envelope) -> bytes:
    recipients = ", ".join(envelope.rcpt_tos)
    lines = f"X-Envelope-From: {envelope.mail_from}\r\nX-Envelope-To: {recipients}\r\n"
    return lines.encode()


if __name__ == "__main__":
    asyncio.run(main(socket.socket(fileno=int(sys.argv[1])), Path(sys.argv[2])))
