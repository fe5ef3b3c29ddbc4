"""The whole of `make run`, as one who only wants to see it starts it."""

import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.household import PRODUCT_PYTHON, Household, folder, household
from bench.part import quick
from bench.site import NOTHING
from tests.runner.running import free_port

WARM_SECONDS = quick(10, 2)


@contextmanager
def whole_run(more: Mapping[str, str] = NOTHING) -> Iterator[tuple[int, Household, Path]]:
    """Run everything; give the runner's process id, a household in its environment, and its folder."""
    with folder() as var:
        environ = {"VAR_DIR": str(var), "PORT": str(free_port()), "RATE_LIMITS": "off", **more}
        with household(environ) as home:
            command = [PRODUCT_PYTHON, "-m", "project.runner"]
            process = home.start("make run", command, stdout=subprocess.PIPE).process
            assert process.stdout
            for line in process.stdout:
                if b"Ready" in line:
                    break
            else:
                raise RuntimeError("make run ended before it was ready")
            time.sleep(WARM_SECONDS)
            yield process.pid, home, var
