"""Block files: what one node writes, another takes, block by block."""

from contextlib import closing
from pathlib import Path

import pytest

from ledger_node.chain.blockfiles import export_file, import_file
from ledger_node.chain.errors import BlockNotFound, InvalidBlock
from ledger_node.chain.pyevm.beside import BlocksOnDisk
from ledger_node.chain.pyevm.engine import PyEvmChain
from ledger_node.errors import ConfigurationError
from tests.chain.conftest import Open, Person, a_genesis, made


@pytest.fixture
def lived(chain: PyEvmChain, alice: Person) -> PyEvmChain:
    for number in range(1, 6):
        for _ in range(number):
            chain.send_raw_transaction(alice.sign(value=1))
        made(chain)
    return chain


@pytest.mark.parametrize("name", ["blocks.rlp", "blocks.rlp.gz"])
def test_a_chain_travels_in_a_file(lived: PyEvmChain, follower: PyEvmChain, tmp_path: Path, name: str) -> None:
    heard: list[tuple[int, int]] = []
    assert export_file(lived, tmp_path / name, progress=lambda done, total: heard.append((done, total))) == 6
    assert heard[-1] == (6, 6)
    assert import_file(follower, tmp_path / name) == lived.head()
    assert import_file(follower, tmp_path / name) == lived.head(), "what is here already is passed over"


def test_a_part_of_a_chain_goes_on_where_the_other_ended(
    lived: PyEvmChain, follower: PyEvmChain, tmp_path: Path
) -> None:
    export_file(lived, tmp_path / "first", first=1, last=2)
    export_file(lived, tmp_path / "second", first=3)
    with pytest.raises(InvalidBlock) as refusal:
        import_file(follower, tmp_path / "second")
    assert refusal.value.field == "parent_hash"
    import_file(follower, tmp_path / "first")
    assert import_file(follower, tmp_path / "second") == lived.head()


def test_blocks_that_are_not_there_make_no_file(lived: PyEvmChain, tmp_path: Path) -> None:
    for first, last in ((6, None), (3, 2), (0, 6)):
        with pytest.raises(BlockNotFound):
            export_file(lived, tmp_path / "blocks", first=first, last=last)
    assert not (tmp_path / "blocks").exists()


def test_blocks_are_read_beside_the_process_that_makes_them(lived: PyEvmChain, alice: Person, tmp_path: Path) -> None:
    export_file(lived, tmp_path / "its own")
    with closing(BlocksOnDisk(lived.store.path.parent)) as beside:
        lived.send_raw_transaction(alice.sign(value=1))
        made(lived)
        assert beside.head().number == 5, "what comes later is not seen"
        export_file(beside, tmp_path / "beside")
    assert (tmp_path / "beside").read_bytes() == (tmp_path / "its own").read_bytes()
    with closing(BlocksOnDisk(lived.store.path.parent)) as beside:
        assert beside.head() == lived.head()


def test_reading_beside_changes_nothing_and_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no chain"):
        BlocksOnDisk(tmp_path)
    (tmp_path / "chain.sqlite").touch()
    with pytest.raises(ConfigurationError, match="try again"):
        BlocksOnDisk(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["chain.sqlite"]
    assert (tmp_path / "chain.sqlite").stat().st_size == 0


def test_a_damaged_file_is_refused_where_it_is_damaged(lived: PyEvmChain, follower: PyEvmChain, tmp_path: Path) -> None:
    export_file(lived, tmp_path / "blocks", first=1)
    whole = (tmp_path / "blocks").read_bytes()
    (tmp_path / "cut").write_bytes(whole[:-1])
    with pytest.raises(InvalidBlock, match="cut short"):
        import_file(follower, tmp_path / "cut")
    assert follower.head().number == 4, "the blocks before it are whole, and stay"
    (tmp_path / "garbage").write_bytes(b"\x01" + whole)
    with pytest.raises(InvalidBlock, match="damaged"):
        import_file(follower, tmp_path / "garbage")


def test_a_file_of_another_network_is_refused(lived: PyEvmChain, tmp_path: Path, open_at: Open) -> None:
    other = open_at(tmp_path / "other", a_genesis(chain_id=77), sealer=None)
    export_file(lived, tmp_path / "blocks")
    with pytest.raises(InvalidBlock, match="another genesis"):
        import_file(other, tmp_path / "blocks")
