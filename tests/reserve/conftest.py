"""Fresh books for each test, with two members on them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reserve.books import Books


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    books = Books(tmp_path)
    books.open("A")
    books.open("B")
    yield books
    books.database.close()
