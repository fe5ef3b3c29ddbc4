"""What a mail says, read so that no mail, however broken, is an error."""

from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

HEADERS = ("Subject", "From", "To", "Reply-To", "Date", "Message-ID", "Auto-Submitted")
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
    return Letter(name, headers, _part(message, "plain"), _part(message, "html"))


def _header(message: EmailMessage, key: str) -> str:
    try:
        return str(message.get(key, ""))
    except Exception:  # the parser of the standard library raises many kinds on malformed headers
        return "(unreadable)"


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
