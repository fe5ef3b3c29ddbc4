"""What log lines look like. None holds an email address: mail servers repeat them in their replies."""

import logging
import re

ADDRESS = re.compile(r"[^\s<>\"'(),:;\[\]{}]+@[^\s<>\"'(),:;\[\]{}]+")


class Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return without_addresses(super().format(record))


def without_addresses(text: str) -> str:
    return ADDRESS.sub("(address)", text)
