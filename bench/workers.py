"""How many emails a second one to four worker processes send, on one PostgreSQL.

python -m tests.postgres python -m bench.workers [EMAILS] [SECONDS THAT THE MAIL SERVER TAKES]

The emails wait in the queue before the workers start; measured from the first to the last one accepted.
All processes, the database and the mail server share this machine's cores.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.database import SERVER
from tests.faults.system import Prepared, System, prepare
from tests.runner.running import wait_until

PROCESSES = (1, 2, 4)
THREADS = 8  # WORKER_THREADS


def main(emails: int, seconds: float) -> None:
    print(f"{emails} emails, {os.cpu_count()} cores, {THREADS} threads a process")
    print(f"processes   emails/s   with a mail server that takes {seconds:g} s")
    with tempfile.TemporaryDirectory() as name:
        prepared = prepare(Path(name) / "prepared")
        for processes in PROCESSES:
            rate = measure(Path(name) / f"{processes}", prepared, processes, emails, seconds)
            print(f"{processes:9}   {rate:8.0f}", flush=True)


def measure(folder: Path, prepared: Prepared, processes: int, emails: int, seconds: float) -> float:
    accepted: list[float] = []

    def take_time(step: str, _: str) -> None:
        if step == "DOT":
            time.sleep(seconds)
            accepted.append(time.monotonic())

    system = System(folder, prepared)
    try:
        system.mail.misbehave = take_time
        for _ in range(emails):
            system.submit()
        for _ in range(processes):
            system.start_master(THREADS, wait=False)
        wait_until(lambda: len(accepted) == emails, 600)
    finally:
        system.stop()
    return (emails - 1) / (max(accepted) - min(accepted))


if __name__ == "__main__":
    if not SERVER:
        sys.exit("On one PostgreSQL: python -m tests.postgres python -m bench.workers")
    main(int((sys.argv[1:] or ["600"])[0]), float((sys.argv[2:] or ["0.25"])[0]))
