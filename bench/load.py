"""Asking again and again, and how long each answer took in ms."""

import asyncio
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from itertools import count
from typing import Any, TypeVar

from bench.client import Client

Ask = Callable[[], Awaitable[None]]
Result = TypeVar("Result")

MESSAGE = "The door is too heavy. " * 5
LONGEST_SECONDS = 120  # for one answer
HTMX = "HX-Request: true\r\n"

_numbers = count()


def running(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(work)


async def form(client: Client, path: str, more: str = "") -> Ask:
    """Open a form as a browser does; return what sends it, filled in anew each time."""
    page = (await client.get(path)).body.decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found, f"no form at {path}"
    token = found[1]

    async def send() -> None:
        fields = filled_in() | {"csrfmiddlewaretoken": token}
        answer = await client.post(path, fields, more)
        expected = (200,) if more else (302, 303)
        if answer.status not in expected:
            raise RuntimeError(f"{path} answered {answer.status}: {answer.body[:200]!r}")

    return send


def filled_in() -> dict[str, str]:
    """Return another visitor's words. The product's form carries a token that makes one form one feedback."""
    return {
        "email": f"visitor{next(_numbers)}@example.org",
        "message": MESSAGE,
        "form_token": f"{uuid.uuid4()}:",
        "xtopic": "",
    }


async def one_by_one(ask: Ask, times: int) -> list[float]:
    return [await _timed(ask, time.perf_counter()) for _ in range(times)]


async def together(ask: Ask, times: int, at_once: int) -> None:
    """Ask so many times, always so many at once."""
    turns = iter(range(times))

    async def one_after_another() -> None:
        for _ in turns:
            await ask()

    await asyncio.gather(*(one_after_another() for _ in range(at_once)))


async def on_time(ask: Ask, rate: float, seconds: float) -> list[float]:
    """Ask at a steady rate, however slow the answers come; each is timed from when it should have left."""
    return await at_moments(ask, schedule(rate, seconds))


async def at_moments(ask: Ask, moments: Iterable[float]) -> list[float]:
    began = time.perf_counter() + 0.01

    async def one(moment: float) -> float:
        await asyncio.sleep(began + moment - time.perf_counter())
        return await _timed(ask, began + moment)

    return list(await asyncio.gather(*map(one, moments)))


def schedule(rate: float, seconds: float) -> list[float]:
    return [number / rate for number in range(int(rate * seconds))]


async def _timed(ask: Ask, should_leave: float) -> float:
    async with asyncio.timeout(LONGEST_SECONDS):
        await ask()
    return (time.perf_counter() - should_leave) * 1000
