"""A run that goes on another day counts on."""

from collections import Counter
from pathlib import Path

from tests.faults.acting import Outcome
from tests.faults.table import Table


def test_a_table_comes_back_as_it_was_kept_and_counts_on(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    table = Table.read(file)
    table.add(Outcome(7, ["I1 lost: a reply"], Counter(late=2), Counter(reply=3), seconds=1.5))
    table.save(file)

    again = Table.read(file)
    assert again == table
    again.add(Outcome(8, faults=Counter(late=1), actions=Counter(report=1)))
    assert again.played == {7, 8}
    assert again.failed == {7: ["I1 lost: a reply"]}
    assert again.faults == Counter(late=3)
    assert again.actions == Counter(reply=3, report=1)
