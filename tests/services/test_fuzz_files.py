"""Damaged files of all formats either decode or are refused as they should; the process that reads them never dies.

``FUZZ_FILES=10000`` makes a long run of it; the usual number is small.
"""

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.mutations import MUTATIONS, mutation
from tests.support.small_files import small_files

ROOT = Path(__file__).parents[2]
FILES = int(os.environ.get("FUZZ_FILES", "600"))
BATCH = 300
SECONDS_PER_FILE = 10.0
LINE = re.compile(r"(\d+) (\S+) ([\d.]+) (.+)")


@dataclass(frozen=True)
class Outcome:
    number: int
    result: str
    seconds: float
    name: str


def run(first: int, count: int) -> list[Outcome]:
    """Decode the damaged files from *first* on in a process of their own, with limits on memory and time."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.fuzz_worker", str(first), str(count)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [LINE.fullmatch(line) for line in done.stdout.splitlines()]
    outcomes = [Outcome(int(line[1]), line[2], float(line[3]), line[4]) for line in lines if line]
    next_name = mutation(first + len(outcomes)).name
    assert done.returncode == 0, f"died of file {first + len(outcomes)}, {next_name}: {done.stderr[-2000:]}"
    return outcomes


@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(0, FILES, BATCH))
def test_damaged_files_never_kill(first: int) -> None:
    outcomes = run(first, min(BATCH, FILES - first))
    assert len(outcomes) == min(BATCH, FILES - first)
    faults = [outcome for outcome in outcomes if outcome.result.startswith("FAULT")]
    assert not faults, "\n".join(map(str, faults))
    slow = [outcome for outcome in outcomes if outcome.seconds > SECONDS_PER_FILE]
    assert not slow, "\n".join(map(str, slow))
    results = Counter(outcome.result for outcome in outcomes)
    assert results["ok"] > len(outcomes) // 20, f"hardly anything decodes: {results}"
    assert results["UnsupportedImage"] > len(outcomes) // 20, f"hardly anything is damaged: {results}"


def test_mutations_are_the_same_every_time() -> None:
    assert [mutation(number) for number in range(50)] == [mutation(number) for number in range(50)]


def test_mutations_reach_every_format_and_every_damage() -> None:
    made = [mutation(number) for number in range(600)]
    assert {one.codec for one in made} == {codec for codec, _content in small_files().values()}
    for mutate in MUTATIONS:
        assert any(mutate.__name__ in one.name for one in made), mutate.__name__


def test_mutations_change_most_files() -> None:
    sound = {content for _codec, content in small_files().values()}
    changed = [mutation(number).content not in sound for number in range(300)]
    assert changed.count(True) > 270


def test_sound_files_are_small() -> None:
    assert max(len(content) for _codec, content in small_files().values()) < 20_000
