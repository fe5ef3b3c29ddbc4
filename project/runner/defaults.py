"""What `make run` fills in for a person who has set nothing."""

import os
import secrets
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from project.environment import BASE_DIR

NO_MAILBOX = "smtp://127.0.0.1:1"  # nothing listens there: without our mailbox, emails wait


def set_defaults(environ: MutableMapping[str, str]) -> set[str]:
    """Set the variables that are unset; return their names."""
    unset = {name: value for name, value in _defaults(environ).items() if name not in environ}
    environ.update(unset)
    if "EMAIL_URL" not in unset:
        environ["MAILBOX_DIR"] = ""  # the page must not show mails that went elsewhere
    return set(unset)


def redis_url(socket: Path) -> str:
    return f"unix://{quote(str(socket))}?db=0"


def _defaults(environ: MutableMapping[str, str]) -> dict[str, str]:
    var_dir = Path(environ.get("VAR_DIR") or BASE_DIR / "var").resolve()
    port = environ.get("PORT", "8000")
    return {
        "VAR_DIR": str(var_dir),
        "PORT": port,
        "SECRET_KEY": environ.get("SECRET_KEY") or _secret_key(var_dir),
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
        "SITE_URL": f"http://127.0.0.1:{port}",
        "DEFAULT_FROM_EMAIL": "Feedback <feedback@localhost>",
        "FEEDBACK_OWNERS": "team@localhost",
        "REDIS_URL": redis_url(var_dir / "redis.sock"),
        "EMAIL_URL": NO_MAILBOX,
        "MAILBOX_DIR": str(var_dir / "mailbox"),
    }


def _secret_key(folder: Path) -> str:
    """Return the key made once for this folder; where none can be kept, VAR_DIR is complained about."""
    path = folder / "secret_key"
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _write_secret(path)
        return path.read_text().strip()
    return secrets.token_hex(32)


def _write_secret(path: Path) -> None:
    # Linked into place when whole: a crash leaves no half a key, and of two runs one wins.
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(f"{secrets.token_hex(32)}\n")
    with suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()
