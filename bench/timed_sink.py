"""An SMTP sink that knows when it accepted each email. It does no more than that, for all alike."""

import asyncio
import threading
import time
from contextlib import suppress
from typing import Self

REPLIES = {b"EHLO": b"250-sink\r\n250 8BITMIME\r\n", b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}


class TimedSink:
    """`came` tells when the final dot of the email to each address was answered."""

    def __init__(self) -> None:
        self.came: dict[str, float] = {}
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        starting = asyncio.start_server(self._converse, "127.0.0.1", 0, limit=1 << 20)
        self.server = asyncio.run_coroutine_threadsafe(starting, self.loop).result(10)
        self.port = int(self.server.sockets[0].getsockname()[1])
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.server.close)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            writer.write(b"220 sink\r\n")
            recipient = ""
            while line := await reader.readline():
                verb = line[:4].upper()
                writer.write(REPLIES.get(verb, b"250 ok\r\n"))
                if verb == b"RCPT":
                    recipient = line.decode().partition("<")[2].partition(">")[0]
                elif verb == b"DATA":
                    await reader.readuntil(b"\r\n.\r\n")
                    writer.write(b"250 ok\r\n")
                    self.came[recipient] = time.perf_counter()
                elif verb == b"QUIT":
                    break
            writer.close()
