"""The mail server, and what the world is told about our sender."""

from collections.abc import Iterator
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend

from feedback.faults import judge
from operations import dns
from operations.doctor.finding import Finding, ok, unknown, wrong
from operations.doctor.stores import LOCAL
from operations.words import fix

NO_MAIL = b"\0\0\0"  # RFC 7505: the exchanger of a domain that takes no email


def check_mail_server() -> Iterator[Finding]:
    if settings.MAILBOX_DIR:
        yield ok("emails go into the mailbox that make run brings along; EMAIL_URL names a real server")
        return
    line = get_connection()
    if not isinstance(line, EmailBackend):
        what = f"EMAIL_URL sends no email, it goes to {type(line).__module__}"
        yield wrong(what, "Name a mail server in EMAIL_URL.")
        return
    try:
        line.open()
        cipher = getattr(line.connection.sock, "version", lambda: None)() if line.connection else None
    except Exception as error:
        _, why = judge(error, transmitting=False)
        yield wrong(f"{line.host}:{line.port} refuses us: {why}", fix(why))
        return
    finally:
        line.close()
    login = f", took the login of {line.username}" if line.username else ""
    if cipher or line.host in LOCAL:
        yield ok(f"{line.host}:{line.port} answers{login}, {cipher or 'unencrypted on this machine'}")
    else:
        yield wrong(f"{line.host}:{line.port} is spoken to unencrypted", "Use smtp+starttls:// or smtps://.")


def check_sender() -> Iterator[Finding]:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    if "." not in domain:
        yield unknown(
            f"{domain} is no domain of the internet", "Real receivers need a real one in DEFAULT_FROM_EMAIL."
        )
        return
    try:
        exchangers, texts = dns.ask(domain, dns.MX), map(dns.text, dns.ask(domain, dns.TXT))
    except dns.Unknown as error:
        yield unknown(f"DNS does not tell about {domain} ({error})", f"Try elsewhere: dig {domain} MX TXT")
        return
    if exchangers and exchangers != [NO_MAIL]:
        yield ok(f"{domain} can receive bounces and answers")
    else:
        yield wrong(
            f"{domain} has no MX, so bounces and answers are lost", "Give it one, or use another sender."
        )
    if any(text.lower().startswith("v=spf1") for text in texts):
        yield ok(f"{domain} says by SPF who may send for it")
    else:
        yield wrong(
            f"{domain} has no SPF, so much of our email may land in spam", "Add a TXT record: v=spf1 …"
        )
