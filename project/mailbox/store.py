"""The folder of mails, one file each, named so that names sort by age."""

import re
import secrets
import time
from datetime import datetime
from pathlib import Path

from project.mailbox.letter import parse

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


def forget(folder: Path, address: str) -> int:
    """Delete every mail from, to or about an address; return how many."""
    # Whole: grada@example.org is somebody else than ada@example.org.
    named = re.compile(rf"(?<![\w.+-]){re.escape(address)}(?![\w-]|\.\w)", re.IGNORECASE)
    about = [name for name in names(folder) if named.search(_everything(folder, name))]
    for name in about:
        (folder / f"{name}.eml").unlink(missing_ok=True)
    return len(about)


def forget_before(folder: Path, moment: datetime) -> None:
    for name in names(folder):
        if int(name.partition("-")[0]) < moment.timestamp() * 1e9:
            (folder / f"{name}.eml").unlink(missing_ok=True)


def _everything(folder: Path, name: str) -> str:
    """Return a mail as it came and as it reads, for the one may hide what the other shows."""
    content = read(folder, name) or b""
    letter = parse(name, content)
    return "\n".join([content.decode(errors="replace"), letter.text, letter.html])
