"""The doctor beside a running product."""

import re
from pathlib import Path

from tests.runner.running import Running


def test_an_email_passes_every_hop(tmp_path: Path) -> None:
    running = Running(tmp_path / "var").until_ready()
    try:
        said = running.manage("doctor", "--send-test", "ada@example.org")  # raises unless the exit code is 0
    finally:
        running.end()
    assert "wrong" not in said
    hops = re.findall(r"^ +(\d\.\d{3}) s  (\w+)", said, re.MULTILINE)
    assert [hop for _, hop in hops] == ["saved", "rung", "claimed", "accepted"]
    assert float(hops[0][0]) < float(hops[-1][0]) < 5
