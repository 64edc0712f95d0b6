"""How much of a long set one run does: a part that moves on with every commit, or with TEST_MANY=1 the whole.

Kills, power cuts, damaged pages and seeds are numbered; the part of a run lies within the whole set, which `make
test-many` runs before a release. What runs between two releases comes by every number many times over.
"""

import os
import subprocess
from functools import cache
from pathlib import Path

MANY = os.environ.get("TEST_MANY") == "1"


def part_of(whole: int, a_run: int) -> list[int]:
    """Which of `range(whole)` this run does: `a_run` of them, one after another, or all."""
    if MANY:
        return list(range(whole))
    first = commits() * a_run
    return [(first + place) % whole for place in range(a_run)]


@cache
def commits() -> int:
    """How many commits this tree stands on; 0 outside a repository, so that a run can be repeated there, too."""
    command = ("git", "-C", str(Path(__file__).parent), "rev-list", "--count", "HEAD")
    counted = subprocess.run(command, capture_output=True, text=True, check=False)
    return int(counted.stdout) if counted.returncode == 0 else 0
