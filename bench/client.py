"""A browser's side of HTTP/1.1, as small and quick as it can be: it shares the cores with what it asks."""

import asyncio
import time
from typing import NamedTuple
from urllib.parse import urlencode

IDLE_SECONDS = 1.0  # gunicorn closes a connection that has been idle for 2


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.used_at = time.monotonic()

    async def ask(self, request: bytes) -> Answer:
        self.writer.write(request)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])
        }
        answer = Answer(int(head[0].split()[1]), headers, await self._body(headers))
        self.used_at = time.monotonic()
        return answer

    async def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return await self.reader.readexactly(int(headers.get("content-length", "0")))
        body = b""
        while size := int(await self.reader.readline(), 16):
            body += (await self.reader.readexactly(size + 2))[:-2]
        await self.reader.readline()
        return body


class Client:
    """Keeps its connections, as a browser or a proxy does, and opens as many as are in use at once."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.free: list[Connection] = []
        self.cookies: dict[str, str] = {}

    async def get(self, path: str) -> Answer:
        return await self._ask(f"GET {path} HTTP/1.1\r\n{self._headers()}\r\n".encode())

    async def post(self, path: str, fields: dict[str, str], more: str = "") -> Answer:
        body = urlencode(fields)
        described = (
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n{more}"
        )
        return await self._ask(f"POST {path} HTTP/1.1\r\n{self._headers()}{described}\r\n{body}".encode())

    def close(self) -> None:
        while self.free:
            self.free.pop().writer.close()

    async def _ask(self, request: bytes) -> Answer:
        connection = await self._connection()
        answer = await connection.ask(request)
        if answer.headers.get("connection") == "close":
            connection.writer.close()
        else:
            self.free.append(connection)
        if cookie := answer.headers.get("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    async def _connection(self) -> Connection:
        while self.free:
            connection = self.free.pop()
            if time.monotonic() - connection.used_at < IDLE_SECONDS:
                return connection
            connection.writer.close()
        return Connection(*await asyncio.open_connection("127.0.0.1", self.port))

    def _headers(self) -> str:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return f"Host: 127.0.0.1\r\n{f'Cookie: {cookies}' if cookies else 'Accept: */*'}\r\n"
