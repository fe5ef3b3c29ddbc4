"""What the README claims, as far as a quick test can check it."""

from tests.faults.table import ROWS
from tests.runner.running import BASE_DIR

README = (BASE_DIR / "README.md").read_text()


def test_the_failure_table_lists_every_fault_that_is_tested() -> None:
    lines = [line for line in README.splitlines() if line.endswith(" s |")]
    claims = [tuple(cell.strip() for cell in line.split("|")[1:5]) for line in lines]
    assert claims == [(row.fault, " → ".join(row.reads.split()), "0", "0") for row in ROWS]
