"""A permissioned network on disk, closed after the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.permissions.enforced import Enforced


@pytest.fixture
def enforced(tmp_path: Path) -> Iterator[Enforced]:
    network = Enforced(tmp_path)
    yield network
    network.close()
