"""Never lost, never twice, whatever happens to line, server and phone; and the harness can tell."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.faults

ROOT = Path(__file__).resolve().parents[2]
SEEDS = int(os.environ.get("FAULTS_SEEDS", "500" if os.environ.get("CI") else "40"))


def _play(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.faults", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_what_phones_call_queued_arrives_once_and_whole() -> None:
    table = ROOT / "var" / "faults.txt"
    played = _play("--seeds", str(SEEDS), "--kept", "--table", str(table))
    print(played.stdout)
    assert played.returncode == 0, played.stdout[-8000:]


@pytest.mark.parametrize(
    ("mutant", "words"),
    [
        ("delete_before_receipt", "I1 lost"),
        ("no_unique_key", "I1 doubled"),
        ("cursor_by_id", "not converged"),
    ],
)
def test_a_broken_build_is_caught_within_fifty_seeds(mutant: str, words: str) -> None:
    played = _play("--seeds", "50", "--mutant", mutant)
    assert played.returncode == 1, played.stdout[-4000:]
    assert words in played.stdout
