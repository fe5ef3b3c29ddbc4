import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from operations.doctor import CHECKS
from operations.doctor.finding import Finding, Mark, unknown
from operations.trial import send_trial, succeeded

STYLES = {Mark.OK: "SUCCESS", Mark.WRONG: "ERROR", Mark.UNKNOWN: "WARNING"}


class Command(BaseCommand):
    help = "Says what is wrong with this installation and what to do. Exit code 0: nothing, 1: something."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--send-test", metavar="ADDRESS", help="send an email through the whole queue")

    def handle(self, *args: Any, send_test: str | None, **options: Any) -> None:
        healthy = self._examine()
        if send_test:
            healthy = self._send(send_test) and healthy
        if not healthy:
            sys.exit(1)

    def _examine(self) -> bool:
        healthy = True
        for name, check in CHECKS.items():
            try:
                findings = list(check())
            except Exception as error:  # the others still have something to say
                findings = [unknown(f"{type(error).__name__}: {error}")]
            for finding in findings:
                self._say(name, finding)
                healthy = healthy and finding.mark is not Mark.WRONG
        return healthy

    def _say(self, name: str, finding: Finding) -> None:
        mark = getattr(self.style, STYLES[finding.mark])(f"{finding.mark.value:5}")
        do = f" → {finding.do}" if finding.do else ""
        self.stdout.write(f"{mark}  {name}: {finding.what.rstrip('.')}.{do}")

    def _send(self, address: str) -> bool:
        try:
            validate_email(address)
        except ValidationError:
            raise CommandError("--send-test needs an email address; nothing was sent.") from None
        hop = ""
        for seconds, hop in send_trial(address):
            self.stdout.write(f"{seconds:8.3f} s  {hop}")
        return succeeded(hop)
