"""Django's sessions in the database, for keys that Django itself gives out."""

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore


class SessionStore(DatabaseStore):
    def _validate_session_key(self, key: str) -> bool:
        # A cookie may hold any character, and PostgreSQL refuses to look for some: that was a 500.
        return bool(super()._validate_session_key(key)) and key.isascii() and key.isalnum()  # type: ignore[misc]
