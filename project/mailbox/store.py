"""The folder of mails, one file each, named so that names sort by age."""

import re
import secrets
import time
from pathlib import Path

NAME = re.compile(r"[0-9]{19}-[0-9a-f]{8}")


def keep(folder: Path, content: bytes) -> str:
    """Write one mail; nobody ever sees half of it. Return its name."""
    name = f"{time.time_ns()}-{secrets.token_hex(4)}"
    draft = folder / f"{name}.part"
    draft.write_bytes(content)
    draft.rename(folder / f"{name}.eml")
    return name


def names(folder: Path) -> list[str]:
    """Return the names of all mails, newest first."""
    stems = (path.stem for path in folder.glob("*.eml"))
    return sorted(filter(NAME.fullmatch, stems), reverse=True)


def read(folder: Path, name: str) -> bytes | None:
    """Return a mail as it came, or None if there is none of that name."""
    if not NAME.fullmatch(name):
        return None
    try:
        return (folder / f"{name}.eml").read_bytes()
    except FileNotFoundError:
        return None
