"""One question to the name server of this machine, without a library.

Only what the doctor asks: which texts and mail exchangers a domain has (RFC 1035).
"""

import secrets
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

TXT, MX = 16, 15
SECONDS = 3
SIZE = 4096
# RFC 6891: that we take answers of that size, for the texts of many a domain fill more than 512 bytes.
LONG_ANSWERS = b"\0" + struct.pack(">2HIH", 41, SIZE, 0, 0)
NO_SUCH_DOMAIN = 3


class Unknown(Exception):
    """The name server gave no answer that can be believed."""


def ask(domain: str, kind: int, server: tuple[str, int] | None = None) -> list[bytes]:
    """Return the data of each answer; none where the domain has none. Raises Unknown."""
    number = secrets.randbits(16)
    try:
        labels = domain.encode("idna").split(b".")
        name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
        question = struct.pack(">6H", number, 0x0100, 1, 0, 0, 1) + name + struct.pack(">2H", kind, 1)
        answer = _exchange(question + LONG_ANSWERS, server or _name_server())
        return list(_answers(answer, number, kind))
    except (OSError, IndexError, UnicodeError, struct.error) as error:
        raise Unknown(str(error) or type(error).__name__) from None


def text(data: bytes) -> str:
    """Return a TXT answer, whose parts each begin with their length, as one text."""
    parts, at = [], 0
    while at < len(data):
        parts.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    return b"".join(parts).decode(errors="replace")


def _exchange(question: bytes, server: tuple[str, int]) -> bytes:
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as line:
        line.settimeout(SECONDS)
        line.connect(server)
        line.send(question)
        return line.recv(SIZE)


def _answers(answer: bytes, number: int, kind: int) -> Iterator[bytes]:
    got, flags, questions, answers = struct.unpack(">4H", answer[:8])
    code, cut_off = flags & 15, flags & 0x0200
    if got != number or cut_off or code not in (0, NO_SUCH_DOMAIN):
        raise Unknown("the answer was cut off" if cut_off else f"the name server answers with code {code}")
    at = 12
    for _ in range(questions):
        at = _after_name(answer, at) + 4
    for _ in range(answers):
        at = _after_name(answer, at)
        found, _class, _ttl, length = struct.unpack(">HHIH", answer[at : at + 10])
        at += 10 + length
        if found == kind:
            yield answer[at - length : at]


def _after_name(answer: bytes, at: int) -> int:
    while answer[at]:
        if answer[at] >= 0xC0:  # the rest of the name stands elsewhere
            return at + 2
        at += 1 + answer[at]
    return at + 1


def _name_server() -> tuple[str, int]:
    for line in Path("/etc/resolv.conf").read_text().splitlines():
        words = line.split()
        if words[:1] == ["nameserver"]:
            return words[1], 53
    raise OSError("this machine names no name server")
