"""One node for all clients of a test process: what each does there leaves the others alone."""

from collections.abc import Iterator

import pytest

from ledger_node.demo.process import NodeProcess
from tests.clients.node import permissioned_node


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    process = permissioned_node(tmp_path_factory.mktemp("clients") / "node")
    try:
        process.start()
        yield process
        assert process.stop() == 0
    finally:
        process.end()
