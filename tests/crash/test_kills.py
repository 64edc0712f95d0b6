"""A loaded node is killed a hundred times, at moments that the dice choose, and each time everything is as it was told.

Four nodes (one of them a run), twenty-five kills each, on one data directory each from beginning to end. The process is
real, so are the sockets; banks ask again under the same keys for whatever they have no final answer to.
"""

from pathlib import Path

import pytest

from tests.crash.life import Life
from tests.sets import part_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

NODES = 4
KILLS = 25


@pytest.mark.parametrize("seed", part_of(NODES, 1))
def test_twenty_five_kills_lose_and_double_nothing(tmp_path: Path, seed: int) -> None:
    life = Life(tmp_path, seed)
    try:
        life.found()
        for _ in range(KILLS):
            asked = life.be_killed_under_load()
            assert life.has_lost() == [], "what the dead node left is whole"
            life.start_again()
            life.ask(asked)
            assert life.has_lost(at_rest=True) == [], "all of it has ended, once"
        assert life.node.stop() == 0
    finally:
        life.node.end()
    passed, findings = life.node.audit()
    assert passed, findings
