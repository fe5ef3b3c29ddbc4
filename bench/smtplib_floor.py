"""Bare smtplib on one kept-open connection: python -m bench.smtplib_floor PORT COUNT"""

import smtplib
import sys
from email.message import EmailMessage

WORDS = "The door is too heavy. " * 20


def main(port: int, count: int) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "feedback@localhost", "ada@example.org", "Thanks"
    message.set_content(WORDS)
    message.add_alternative(f"<p>{WORDS}</p>", subtype="html")  # about as long as the product's email
    text = message.as_bytes()
    with smtplib.SMTP("127.0.0.1", port) as server:
        for _ in range(count):
            server.sendmail("feedback@localhost", ["ada@example.org"], text)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
