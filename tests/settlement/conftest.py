"""A founded data directory, made once and copied for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.settlement.issuer import Issuer


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with USD and JPY, banks A, B and C with a DDA and a BDA each in USD, A and B in JPY."""
    directory = tmp_path_factory.mktemp("founded")
    issuer = Issuer(directory, currencies=("USD", "JPY")).start()
    issuer.settle()
    issuer.admit("A", "B", "C")
    issuer.admit("A", "B", currency="JPY")
    issuer.close()
    return directory


@pytest.fixture
def directory(founded: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    return shutil.copytree(founded, tmp_path / "data")


@pytest.fixture
def issuer(directory: Path) -> Iterator[Issuer]:
    issuer = Issuer(directory, currencies=("USD", "JPY")).start()
    yield issuer
    issuer.close()
