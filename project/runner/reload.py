"""Notices that a file of the checkout has changed, by looking at all of them now and then."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

SUFFIXES = (".py", ".html", ".txt", ".css", ".js", ".svg")
LOOK_SECONDS = 0.5


class Watcher:
    def __init__(self, root: Path, *ignored: Path) -> None:
        self.root = root
        self.ignored = {root / "var", *ignored}
        self.seen = dict(self._files())
        self.looked_at = time.monotonic()

    def change(self) -> Path | None:
        """Return a file that has changed since the last change, if it is time to look again."""
        if time.monotonic() - self.looked_at < LOOK_SECONDS:
            return None
        before, self.seen = self.seen, dict(self._files())
        self.looked_at = time.monotonic()
        changed = before.items() ^ self.seen.items()
        return min(changed)[0].relative_to(self.root) if changed else None

    def _files(self) -> Iterator[tuple[Path, int]]:
        for folder, folders, names in os.walk(self.root):
            here = Path(folder)
            folders[:] = [name for name in folders if name[0] != "." and here / name not in self.ignored]
            for name in names:
                if name.endswith(SUFFIXES) and (path := here / name).exists():
                    yield path, path.stat().st_mtime_ns
