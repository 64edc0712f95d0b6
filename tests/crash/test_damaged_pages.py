"""Bytes of a store change while the node is stopped: it keeps its doors shut and names the file, or no harm is done.

Harm is done when the independent checker or a bank finds a difference. SQLite keeps no checksum of what a row says, so
a number that changed into another is found by the journal (`ledger-node audit --deep`) and the hashes of the chain.
"""

import logging
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from ledger_node.chain.pyevm.store import POSITIONS
from ledger_node.config import Config, load_config
from ledger_node.errors import LedgerNodeError, Unavailable
from ledger_node.node import Node
from ledger_node.operations.doctor import examine
from tests.crash.life import Life
from tests.sets import part_of

pytestmark = pytest.mark.slow

STORES = {"ledger": Path("ledger.sqlite"), "chain": Path("chain/chain.sqlite")}
PAGE = 4096
WAYS = {"ledger": ("noise", "nothing", "bits"), "chain": ("noise", "nothing")}
"""A page is overwritten as a whole, emptied, or has a few bits turned. What a bit in a row of the chain's logs says is
compared with no root when it is read, so that is left out: the deep audit finds it."""
PAGES, PAGES_OF_A_RUN = 40, 14
"""How many are damaged, one after another, in each store."""


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    life = Life(tmp_path_factory.mktemp("sound"), 5)
    life.found()
    life.ask([next(life.more) for _ in range(60)])
    assert life.node.stop() == 0
    yield life
    life.node.end()


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logger = logging.getLogger("ledger_node")
    before, logger.level = logger.level, logging.CRITICAL + 1
    yield
    logger.level = before


def damage(path: Path, random: Random, ways: tuple[str, ...]) -> str:
    """One page."""
    content = bytearray(path.read_bytes())
    start = random.randrange(len(content) // PAGE) * PAGE
    how = random.choice(ways)
    if how == "noise":
        content[start : start + PAGE] = random.randbytes(PAGE)
    elif how == "nothing":
        content[start : start + PAGE] = bytes(PAGE)
    else:
        for _ in range(8):
            content[start + random.randrange(PAGE)] ^= 1 << random.randrange(8)
    path.write_bytes(content)
    return f"{how} in page {start // PAGE} of {path.name}"


def opened(config: Config) -> str:
    """Start a node in this process and stop it: why its doors are shut, or nothing."""
    try:
        node = Node.open(config)
    except LedgerNodeError as refusal:
        return refusal.detail
    try:
        node.start()
        return "; ".join(node.settlement.reasons_not_ready())
    except LedgerNodeError as refusal:
        return refusal.detail
    finally:
        node.close()


def found_by_hand(config: Config) -> str:
    """What the doctor and the deep audit say is wrong."""
    findings = [finding.detail for finding in examine({"data": str(config.data)}) if not finding.well]
    try:
        report = Node.deep_audit(config, on_progress=lambda *_: None)
    except LedgerNodeError as refusal:
        return "; ".join([*findings, refusal.detail])
    return "; ".join([*findings, *([report.altered.detail] if report.altered else [])])


@pytest.mark.parametrize("store", STORES)
def test_a_damaged_page_shuts_the_doors_or_does_no_harm(life: Life, tmp_path: Path, store: str) -> None:
    sound, seen = life.node.data, {"refused": 0, "found": 0, "harmless": 0}
    seeds = part_of(PAGES, PAGES_OF_A_RUN)
    for seed in seeds:
        directory = tmp_path / "node"
        shutil.copytree(sound, directory)
        what = damage(directory / STORES[store], Random(seed), WAYS[store])
        config = load_config({"data": str(directory), "call_workers": 0}, {})
        why = opened(config)
        if why:
            seen["refused"] += 1
            assert STORES[store].name in why, (seed, what, why)
        elif harmed(life, directory):
            seen["found"] += 1
            assert found_by_hand(config), (seed, what)
        else:
            seen["harmless"] += 1
        shutil.rmtree(directory)
    assert seen["refused"] > len(seeds) / 2, seen


def harmed(life: Life, directory: Path) -> bool:
    try:
        return bool(life.has_lost(at_rest=True, at=directory))
    except (sqlite3.Error, LookupError, ValueError, TypeError):
        return True  # the checker stumbles over what it reads


FORGERY = (
    "UPDATE transactions SET raw = (SELECT raw FROM transactions ORDER BY id LIMIT 1) "
    "WHERE id = (SELECT max(id) FROM transactions)"
)


def test_the_deep_audit_finds_a_transaction_that_was_replaced_and_passes_an_untouched_chain(
    life: Life, tmp_path: Path
) -> None:
    data = tmp_path / "node"
    shutil.copytree(life.node.data, data)
    config = load_config({"data": str(data), "call_workers": 0}, {})
    sound = Node.deep_audit(config, on_progress=lambda *_: None)
    assert sound.passed
    with closing(sqlite3.connect(data / STORES["chain"])) as chain:
        ((newest,),) = chain.execute("SELECT max(id) FROM transactions").fetchall()
        assert sound.blocks == chain.execute("SELECT count(*) FROM blocks").fetchone()[0]
        chain.execute(FORGERY)
        chain.commit()
    report = Node.deep_audit(config, on_progress=lambda *_: None)
    assert report.altered is not None
    assert (report.altered.what, report.altered.reference) == ("block", str(newest // POSITIONS))


@pytest.mark.parametrize("store", STORES)
def test_the_process_says_which_file_is_damaged_and_ends(life: Life, tmp_path: Path, store: str) -> None:
    data = tmp_path / "node"
    shutil.copytree(life.node.data, data)
    path = data / STORES[store]
    content = path.read_bytes()
    path.write_bytes(content[: 2 * PAGE] + Random(1).randbytes(len(content) - 2 * PAGE))
    node = type(life.node)(data)
    with pytest.raises(Unavailable, match=rf"error \[storage_failed\]: {path.name}: "):
        node.start()
    assert "Traceback" not in node.log_end()
