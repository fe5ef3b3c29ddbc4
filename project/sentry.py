"""Tells Sentry of faults, where SENTRY_DSN names one and the package is there: pip install sentry-sdk"""

from django.core.exceptions import ImproperlyConfigured

from project.logs import masked


def start(dsn: str) -> None:
    try:
        import sentry_sdk
    except ImportError:
        raise ImproperlyConfigured(
            "Nothing was started. SENTRY_DSN is set, but its package is missing; install it "
            "(.venv/bin/pip install sentry-sdk) or unset SENTRY_DSN."
        ) from None
    # What visitors write stays here: no variables, no request bodies, no addresses.
    sentry_sdk.init(
        dsn=dsn,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        before_send=lambda event, hint: masked(event),
    )
