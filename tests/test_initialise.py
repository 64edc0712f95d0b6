"""What `init` makes belongs to one directory: nothing is added to a ledger that is there."""

import shutil
from pathlib import Path

import pytest

from ledger_node.config import load_config
from ledger_node.errors import ConfigurationError, StorageFailed
from ledger_node.operations.initialise import initialise


def held(path: Path) -> dict[str, bytes]:
    return {str(each.relative_to(path)): each.read_bytes() for each in path.rglob("*") if each.is_file()}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("initialise") / "first"
    initialise(load_config({"data": path}), chain_id=4711, sample=False)
    return path


@pytest.mark.parametrize("sample", [False, True])
def test_init_adds_nothing_to_a_ledger_in_its_directory(first: Path, tmp_path: Path, sample: bool) -> None:
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(first / "ledger.sqlite", other)
    before = held(other)
    with pytest.raises(ConfigurationError, match="holds a ledger already; nothing was changed"):
        initialise(load_config({"data": other}), chain_id=4711, sample=sample)
    assert held(other) == before


@pytest.mark.parametrize("sample", [False, True])
def test_init_adds_nothing_to_a_ledger_that_a_url_names(first: Path, tmp_path: Path, sample: bool) -> None:
    other, before = tmp_path / "other", held(first)
    url = f"sqlite:///{first / 'ledger.sqlite'}"
    with pytest.raises(ConfigurationError, match="nothing was changed"):
        initialise(load_config({"data": other, "database_url": url}), chain_id=4711, sample=sample)
    assert held(first) == before
    assert not other.exists()


def test_init_leaves_nothing_behind_when_the_database_cannot_be_read(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "ledger.sqlite").write_bytes(b"no database at all" * 1000)
    before = held(other)
    with pytest.raises((ConfigurationError, StorageFailed)):
        initialise(load_config({"data": other}), chain_id=4711, sample=False)
    assert held(other) == before


def test_init_leaves_nothing_behind_when_the_server_is_away(tmp_path: Path) -> None:
    url = "postgresql+psycopg://nobody:sesame@127.0.0.1:1/none"
    with pytest.raises(ConfigurationError) as refused:
        initialise(load_config({"data": tmp_path / "other", "database_url": url}), chain_id=4711, sample=False)
    assert "sesame" not in refused.value.detail
    assert not (tmp_path / "other").exists()
