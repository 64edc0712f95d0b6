"""Five hundred seeds (some of them a run) in which nothing is lost or doubled, one seed twice, and every deliberate
mistake found."""

import itertools
import logging
import sqlite3
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import IntegrityError

from ledger_node.errors import LedgerNodeError
from tests.sets import part_of
from tests.simulation.mutations import MUTATIONS, mutated
from tests.simulation.run import run
from tests.simulation.simulator import Broken
from tests.simulation.template import template

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CHUNK = 10
CHUNKS, CHUNKS_OF_A_RUN = 50, 20
MUTANT_SEEDS = 200
"""A mutation must be found within so many seeds; most are found in the first few."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The node has much to say about power cuts; here they are the point. Tests after these read its log again."""
    logger = logging.getLogger("ledger_node")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    yield
    logger.setLevel(before)


@pytest.mark.parametrize("chunk", part_of(CHUNKS, CHUNKS_OF_A_RUN))
def test_whatever_happens_no_payment_is_lost_or_doubled(chunk: int) -> None:
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        run(seed)


def test_a_seed_is_a_run_exactly() -> None:
    assert run(7) == run(7)
    assert run(7) != run(8)


@pytest.mark.parametrize("name", sorted(MUTATIONS))
def test_a_deliberate_mistake_is_found(name: str) -> None:
    template()  # which is made without it
    for seed in itertools.count():
        assert seed < MUTANT_SEEDS, f"{MUTANT_SEEDS} seeds did not find {name}"
        try:
            with mutated(name):
                run(seed)
        except (Broken, LedgerNodeError, sqlite3.Error, IntegrityError):
            return  # seen by the model or the checker, or the node itself stumbled over the mistake
