"""How many feedbacks may come from one place, and from everywhere, in a time.

Redis counts; where it is away, the rows are counted instead. Redis holds keyed hashes and numbers,
each for no longer than its time lasts.
"""

from collections.abc import Iterator
from datetime import timedelta
from math import ceil
from typing import NamedTuple, cast

import redis
from django.conf import settings
from django.utils.translation import ngettext

from feedback import tasks
from feedback.models import Feedback
from feedback.models.clock import now
from feedback.sender import network_of

# RATE_LIMITS are for one home; a whole network may send so many times that, and everybody together.
NETWORK_TIMES, EVERYBODY_TIMES = 5, 50

# Either all counters take this post or none does: who is refused does not wait the longer for trying.
TAKE = """
local wait = 0
for i, key in ipairs(KEYS) do
  if tonumber(redis.call("GET", key) or 0) >= tonumber(ARGV[2 * i - 1]) then
    wait = math.max(wait, redis.call("TTL", key), 1)
  end
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
  if redis.call("INCR", key) == 1 then redis.call("EXPIRE", key, ARGV[2 * i]) end
end
return 0
"""


class Limit(NamedTuple):
    place: str  # how a sender from there begins
    most: int
    seconds: int


def seconds_to_wait(sender: str) -> int:
    """Count one more feedback from there; return 0, or after how many seconds it would be taken."""
    limits = list(_limits(sender))
    if not limits:
        return 0
    waiting = tasks.ask_redis(lambda client: _counted_in_redis(client, limits))
    return max(map(_counted_in_rows, limits)) if waiting is None else waiting


def too_many(seconds: int) -> str:
    minutes = ceil(seconds / 60)
    return ngettext(
        "Too many messages came within a short time. Please wait a minute and press Send again.",
        "Too many messages came within a short time. Please wait {minutes} minutes and press Send again.",
        minutes,
    ).format(minutes=minutes)


def _limits(sender: str) -> Iterator[Limit]:
    for count, seconds in settings.RATE_LIMITS:
        yield Limit(sender, count, seconds)
        yield Limit(network_of(sender), count * NETWORK_TIMES, seconds)
        yield Limit("", count * EVERYBODY_TIMES, seconds)


def _counted_in_redis(client: redis.Redis, limits: list[Limit]) -> int:
    keys = [f"feedback:limit:{limit.seconds}:{limit.place}" for limit in limits]
    numbers = [number for limit in limits for number in (limit.most, limit.seconds)]
    return int(cast(int, client.eval(TAKE, len(keys), *keys, *numbers)))


def _counted_in_rows(limit: Limit) -> int:
    """Return after how many seconds the oldest of as many rows as are allowed is out of the window."""
    window = timedelta(seconds=limit.seconds)
    recent = Feedback.objects.sent_from(limit.place).filter(created_at__gt=now() - window)
    times = recent.order_by("-created_at").values_list("created_at", flat=True)
    oldest = next(iter(times[limit.most - 1 : limit.most]), None)
    return ceil((oldest + window - now()).total_seconds()) if oldest else 0
