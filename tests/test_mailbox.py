from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import include, path

from project.mailbox import store

urlpatterns = [
    path("", include("feedback.urls")),
    path("mailbox/", include("project.mailbox.urls")),
]
pytestmark = pytest.mark.urls(__name__)


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MAILBOX_DIR = str(tmp_path)
    return tmp_path


@pytest.fixture
def name(folder: Path) -> str:
    return store.keep(folder, a_mail())


def a_mail(subject: str = "Thank you, Ada") -> bytes:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "Feedback <feedback@example.org>"
    message["To"] = "ada@example.org"
    message["Auto-Submitted"] = "auto-replied"
    message.set_content("Zoë says <b>hello</b>: https://example.org/status/")
    message.add_alternative("<p>Zoë says <script>alert(1)</script></p>", subtype="html")
    return b"X-Envelope-To: ada@example.org\r\n" + bytes(message)


def test_an_empty_mailbox_says_what_to_do(client: Client) -> None:
    assert "Send some feedback with the form" in client.get("/mailbox/").content.decode()


def test_the_list_refreshes_itself_and_shows_the_newest_first(client: Client, folder: Path) -> None:
    store.keep(folder, a_mail("Older"))
    store.keep(folder, a_mail("Newer"))
    page = client.get("/mailbox/").content.decode()
    assert '<meta http-equiv="refresh" content="3">' in page
    assert page.index("Newer") < page.index("Older")


def test_a_long_list_is_cut_and_says_so(
    client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("project.mailbox.views.LISTED", 2)
    for number in range(3):
        store.keep(folder, a_mail(f"Mail {number}"))
    page = client.get("/mailbox/").content.decode()
    assert "The newest 2 of 3 emails" in page
    assert "Mail 0" not in page


def test_a_mail_that_is_half_written_is_not_listed(client: Client, folder: Path, name: str) -> None:
    (folder / f"{name}.part").write_bytes(a_mail("Half"))
    assert "Half" not in client.get("/mailbox/").content.decode()


def test_a_mail_is_shown_with_its_headers_and_its_text(client: Client, name: str) -> None:
    page = client.get(f"/mailbox/{name}/").content.decode()
    assert "<dt>Auto-Submitted</dt>" in page
    assert "<dt>X-Envelope-To</dt>" in page
    assert "Zoë says &lt;b&gt;hello&lt;/b&gt;" in page
    assert 'href="https://example.org/status/"' in page


def test_the_html_part_can_do_nothing_and_only_our_page_frames_it(client: Client, name: str) -> None:
    page = client.get(f"/mailbox/{name}/")
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert "sandbox" in page.content.decode()
    part = client.get(f"/mailbox/{name}/html/")
    assert "Zoë" in part.content.decode()
    policy = part.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'self'", "sandbox"} <= set(policy)
    assert part.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_a_mail_can_be_read_as_it_was_sent(client: Client, folder: Path, name: str) -> None:
    raw = client.get(f"/mailbox/{name}/raw/")
    assert raw.headers["Content-Type"].startswith("text/plain")
    assert raw.content == (folder / f"{name}.eml").read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe no headers at all",
        b"Subject: =?x?q?=ff?=\r\nFrom: <<>>, ,@\r\nDate: soon\r\nTo: a@b <\r\n\r\nbody",
        b"Content-Type: text/html; charset=klingon\r\n\r\n<p>\xe9",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\nno parts",
    ],
)
def test_a_broken_mail_breaks_no_page(client: Client, folder: Path, content: bytes) -> None:
    name = store.keep(folder, content)
    for address in ("/mailbox/", f"/mailbox/{name}/", f"/mailbox/{name}/raw/"):
        assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    "name",
    ["1" * 19 + "-00000000", "secret_key", "..", "%2e%2e", "..%2fsecret", "1%00", "1" * 19 + "-0000000g"],
)
@pytest.mark.parametrize("page", ["", "html/", "raw/"])
def test_an_unknown_name_is_not_found(client: Client, name: str, page: str) -> None:
    assert client.get(f"/mailbox/{name}/{page}").status_code == 404
