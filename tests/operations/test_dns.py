import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from operations import dns

# example.org's own answer: a TXT of two parts and, before it, a CNAME to be passed over.
NAME = b"\x07example\x03org\x00"


def record(kind: int, data: bytes, name: bytes = b"\xc0\x0c") -> bytes:
    return name + kind.to_bytes(2) + b"\x00\x01" + (300).to_bytes(4) + len(data).to_bytes(2) + data


class NameServer(threading.Thread):
    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.line.bind(("127.0.0.1", 0))
        self.records: list[bytes] = []
        self.flags = 0x8180
        self.number_is_ours = True

    def run(self) -> None:
        while True:
            try:
                question, asker = self.line.recvfrom(4096)
            except OSError:
                return
            number = question[:2] if self.number_is_ours else bytes([question[0] ^ 1, question[1]])
            counts = b"\x00\x01" + len(self.records).to_bytes(2) + bytes(4)
            records, takes_long = b"".join(self.records), question.endswith(dns.LONG_ANSWERS)
            cut_off = 0x0200 if len(records) > 400 and not takes_long else 0
            asked = question[12 : -len(dns.LONG_ANSWERS)] if takes_long else question[12:]
            flags = (self.flags | cut_off).to_bytes(2)
            self.line.sendto(number + flags + counts + asked + records, asker)


@pytest.fixture
def server() -> Iterator[NameServer]:
    server = NameServer()
    server.start()
    yield server
    server.line.close()


def ask(server: NameServer, kind: int) -> list[bytes]:
    return dns.ask("example.org", kind, server.line.getsockname())


def test_a_domain_that_is_not_there_has_nothing(server: NameServer) -> None:
    server.flags = 0x8183
    assert ask(server, dns.MX) == []


def test_an_answer_of_two_thousand_bytes_is_read(server: NameServer) -> None:
    server.records = [record(dns.TXT, b"\xfa" + b"x" * 250)] * 8
    assert len(ask(server, dns.TXT)) == 8


def test_texts_and_mail_exchangers_are_read(server: NameServer) -> None:
    server.records = [
        record(5, b"\xc0\x0c"),
        record(dns.TXT, b"\x07v=spf1 \x04-all", NAME),
        record(dns.MX, b"\x00\x0a\xc0\x0c"),
    ]
    assert [dns.text(data) for data in ask(server, dns.TXT)] == ["v=spf1 -all"]
    assert len(ask(server, dns.MX)) == 1


def test_a_domain_without_any_has_none(server: NameServer) -> None:
    assert ask(server, dns.MX) == []


@pytest.mark.parametrize("flags", [0x8181, 0x8182, 0x8380])
def test_a_refusal_or_half_an_answer_is_unknown(server: NameServer, flags: int) -> None:
    server.flags = flags
    with pytest.raises(dns.Unknown):
        ask(server, dns.TXT)


def test_an_answer_to_another_question_is_not_believed(server: NameServer) -> None:
    server.number_is_ours = False
    with pytest.raises(dns.Unknown):
        ask(server, dns.TXT)


@pytest.mark.parametrize("broken", [b"\x00", b"\xc0\x0c\x00", record(dns.TXT, b"x")[:-3]])
def test_a_broken_answer_is_unknown_or_empty(server: NameServer, broken: bytes) -> None:
    server.records = [broken]
    with suppress(dns.Unknown):
        assert isinstance(ask(server, dns.TXT), list)


def test_a_silent_name_server_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns, "SECONDS", 0.05)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        with pytest.raises(dns.Unknown):
            dns.ask("example.org", dns.TXT, silent.getsockname())


@pytest.mark.parametrize("domain", [".", "a..b", "x" * 70 + ".org"])
def test_a_domain_that_is_none_is_unknown(server: NameServer, domain: str) -> None:
    with pytest.raises(dns.Unknown):
        dns.ask(domain, dns.TXT, server.line.getsockname())
