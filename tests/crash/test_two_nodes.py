"""Two nodes on one data directory: the second ends at once, and the first does not notice."""

from pathlib import Path

import httpx
import pytest

from ledger_node.demo.process import NodeProcess
from ledger_node.errors import Unavailable

pytestmark = pytest.mark.slow


def test_a_second_node_on_a_data_directory_ends_at_once_and_says_why(tmp_path: Path) -> None:
    first, second = NodeProcess(tmp_path / "node"), NodeProcess(tmp_path / "node")
    first.init("--currencies", "USD")
    first.start()
    try:
        record = first.data / "running.json"
        kept = record.read_text()
        with pytest.raises(Unavailable, match=r"error \[configuration_error\]: Another process holds .*node; one node"):
            second.start()
        assert second.stop() == 2
        assert "Traceback" not in second.log_end()
        assert not record.exists(), "the second one has opened no door"
        assert httpx.get(f"{first.gateway_url}/readyz").is_success
        record.write_text(kept)
    finally:
        first.end()
        second.end()
