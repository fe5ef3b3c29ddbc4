"""`make bench` measures everything, `make bench ARGS="drain polls"` some of it; QUICK=1 tries it out.

Each measurement leaves its part in var/bench/, and bench/RESULTS.md is written from all parts there are.
"""

import argparse
import signal
import sys
import time
from importlib import import_module

from bench.machine import machine
from bench.part import Part, say
from bench.results import RESULTS, load, save, write

NAMES = ("answers", "backlog", "simulated", "idle_latency", "drain", "polls", "growth", "rest", "memory")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="NAME", help=", ".join(NAMES))
    names = parser.parse_args().names or NAMES
    here = machine()
    for number, name in enumerate(names):
        left = sum(import_module(f"bench.{other}").SECONDS for other in names[number:])
        print(
            f"[{number + 1}/{len(names)}] {name} (all that is left takes about {left / 60:.0f} min)",
            flush=True,
        )
        save(_measured(name), here)
        write(load(NAMES))
    print(f"Written: {RESULTS}")
    return 0


def _measured(name: str) -> Part:
    began = time.monotonic()
    part: Part = import_module(f"bench.{name}").measure()
    part.seconds = time.monotonic() - began
    for row in part.rows:
        say(f"{row.sign} {row.what}: {row.figure}  {row.goal}")
    return part


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nStopped; the parts that were measured are kept.")
        sys.exit(130)
