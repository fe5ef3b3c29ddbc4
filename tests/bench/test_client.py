"""The client against a server that answers as it is told."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from bench.client import Answer, Client

T = TypeVar("T")
LENGTH = b"HTTP/1.1 200 OK\r\nSet-Cookie: csrftoken=abc; Path=/\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
NOTHING = b"HTTP/1.1 204 No Content\r\n\r\n"
CLOSED = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def asked(answers: list[bytes], work: Callable[[Client], Awaitable[T]]) -> tuple[T, list[str], int]:
    """Return what became of the work, what the server was asked and over how many connections."""
    requests: list[str] = []
    connections: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        while head := await reader.read(4096):
            requests.append(head.decode())
            writer.write(answers[len(requests) - 1])

    async def both() -> T:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        client = Client(server.sockets[0].getsockname()[1])
        try:
            return await work(client)
        finally:
            client.close()
            server.close()
            for connection in connections:
                connection.close()
                await connection.wait_closed()

    return asyncio.run(both()), requests, len(connections)


@pytest.mark.parametrize(("raw", "body"), [(LENGTH, b"hello"), (CHUNKED, b"hello"), (NOTHING, b"")])
def test_a_body_is_read_however_its_end_is_told(raw: bytes, body: bytes) -> None:
    answer, _, _ = asked([raw], lambda client: client.get("/"))
    assert answer.body == body


def test_a_cookie_comes_back_over_the_same_connection() -> None:
    async def twice(client: Client) -> Answer:
        await client.get("/")
        return await client.post("/", {"message": "a b"})

    _, requests, connections = asked([LENGTH, NOTHING], twice)
    assert "Cookie: csrftoken=abc\r\n" in requests[1]
    assert requests[1].endswith("Content-Length: 11\r\n\r\nmessage=a+b")
    assert connections == 1


def test_a_connection_that_the_server_closes_is_not_used_again() -> None:
    async def twice(client: Client) -> Answer:
        await client.get("/")
        return await client.get("/")

    _, _, connections = asked([CLOSED, NOTHING], twice)
    assert connections == 2
