"""What makes a post look like a machine's. It is then held until a person has looked at it.

Nothing here ever drops a message, and MIN_FORM_SECONDS=0 leaves only the honeypot and the site's own
hook: the rest tells people from programs, and programs may be welcome.
"""

import logging
import time
from collections.abc import Mapping

from django.conf import settings
from django.core.signing import BadSignature, SignatureExpired, Signer, TimestampSigner, b62_encode
from django.utils.module_loading import import_string

from feedback.models import Feedback

log = logging.getLogger(__name__)

signer = TimestampSigner(salt="feedback.form")


def sign(text: str, age: float = 0) -> str:
    """Sign a text as if that had been done so many seconds ago."""
    return Signer.sign(signer, f"{text}{signer.sep}{b62_encode(int(time.time() - age))}")


def why_suspect(said: Mapping[str, str], *, form_token: str, honeypot: str | None) -> str:
    """Return in words why a post of the form is suspect, or nothing. `honeypot` is None if it is missing."""
    if honeypot:
        return "the field that people do not see was filled in"
    if settings.MIN_FORM_SECONDS:
        if honeypot is None:
            return "the field that people do not see is missing"
        try:
            signer.unsign(form_token, max_age=settings.MIN_FORM_SECONDS)
        except SignatureExpired:
            pass  # a human could have filled it in by now
        except BadSignature:
            return "it does not come from our form"
        else:
            return f"it was sent within {settings.MIN_FORM_SECONDS:g} s"
    return why_hook_suspects(said)


def why_hook_suspects(said: Mapping[str, str]) -> str:
    """Ask the site's own FEEDBACK_IS_SUSPECT; where it fails, its silence must not stop all mail."""
    if not settings.FEEDBACK_IS_SUSPECT:
        return ""
    try:
        suspect = import_string(settings.FEEDBACK_IS_SUSPECT)(Feedback(**said))
    except Exception:
        log.exception("FEEDBACK_IS_SUSPECT failed, so a feedback was taken unseen")
        return ""
    return "FEEDBACK_IS_SUSPECT says so" if suspect else ""
