"""What the README claims, as far as a quick test can check it."""

from tests.faults.hosts_table import ROWS
from tests.runner.running import BASE_DIR

README = (BASE_DIR / "README.md").read_text()


def test_the_failure_table_lists_every_fault_that_is_tested_and_no_loss() -> None:
    lines = [line for line in README.splitlines() if line.endswith(" s |")]
    claims = [[cell.strip() for cell in line.split("|")[1:5]] for line in lines]
    assert [(fault, lost, doubled) for fault, _, lost, doubled in claims] == [
        (row.fault, "0", "0") for row in ROWS
    ]
    assert [read.split(" → ")[-1] for _, read, _, _ in claims] == [row.end for row in ROWS]
