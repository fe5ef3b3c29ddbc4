"""What a mail says, read so that no mail, however broken, is an error."""

import base64
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

HEADERS = ("Subject", "From", "To", "Reply-To", "Date", "Message-ID", "Auto-Submitted")
PICTURES = ("image/png", "image/jpeg", "image/gif")
ENVELOPE = ("X-Envelope-From", "X-Envelope-To")


@dataclass
class Letter:
    name: str
    headers: dict[str, str]
    text: str
    html: str

    @property
    def subject(self) -> str:
        return self.headers.get("Subject") or "(no subject)"

    @property
    def sender(self) -> str:
        return self.headers.get("From", "")

    @property
    def to(self) -> str:
        return self.headers.get("To", "")

    @property
    def date(self) -> str:
        return self.headers.get("Date", "")


def parse(name: str, content: bytes) -> Letter:
    message = message_from_bytes(content, policy=policy.default)
    headers = {key: value for key in (*HEADERS, *ENVELOPE) if (value := _header(message, key))}
    return Letter(name, headers, _part(message, "plain"), _with_pictures(message, _part(message, "html")))


def _header(message: EmailMessage, key: str) -> str:
    try:
        return str(message.get(key, ""))
    except Exception:  # the parser of the standard library raises many kinds on malformed headers
        return "(unreadable)"


def _with_pictures(message: EmailMessage, html: str) -> str:
    """Put the pictures that came along with the mail into its HTML."""
    for part in message.walk():
        name, content = _header(part, "Content-ID").strip("<> "), part.get_payload(decode=True)
        if name and isinstance(content, bytes) and part.get_content_type() in PICTURES:
            data = base64.b64encode(content).decode()
            html = html.replace(f"cid:{name}", f"data:{part.get_content_type()};base64,{data}")
    return html


def _part(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    if part is None:
        return ""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    try:
        return content.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        return content.decode("latin-1")
