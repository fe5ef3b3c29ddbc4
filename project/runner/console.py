"""What the person at the terminal reads."""

import os
from contextlib import suppress


def say(text: object) -> None:
    _write(1, text)


def complain(text: object) -> None:
    _write(2, text)


def _write(fd: int, text: object) -> None:
    # Straight to the descriptor: the terminal may be gone, and a failed print() would come again at exit.
    with suppress(OSError):
        os.write(fd, f"{text}\n".encode())
