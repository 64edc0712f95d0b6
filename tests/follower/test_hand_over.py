"""A bank's node hands the seal to another process by vote, and its gateway goes on settling through the new sealer."""

from pathlib import Path

import pytest

from ledger_node.demo.process import NodeProcess
from tests.follower.test_processes import ChainProcess, command
from tests.journeys.test_backup import Bank
from tests.rpc.server import Client


@pytest.mark.slow
def test_after_the_vote_the_other_process_seals_and_the_gateway_settles_through_it(tmp_path: Path) -> None:
    a = NodeProcess(tmp_path / "a", "--call-workers", "0")
    credentials = a.init("--sample", "--permissions", "enforced")
    a.start()
    next_sealer = command("follow", "--data", str(tmp_path / "b"), "--init-key", "sealer")
    b = ChainProcess(tmp_path / "b", "follow", "--from", a.rpc_url)
    try:
        with Bank(a.gateway_url, credentials) as bank:
            bank.mint("before", "100.00")
        at_a = Client(a.rpc_url)
        b.reaches(int(at_a("eth_blockNumber"), 16))

        command("network", "set-sealer", next_sealer, "--data", str(a.data))
        decided = int(at_a("eth_blockNumber"), 16)
        b.reaches(decided)
        assert a.stop() == 0

        a = NodeProcess(a.data, "--call-workers", "0", "--follow", b.url)
        a.start()
        with Bank(a.gateway_url, credentials) as bank:
            bank.mint("after", "11.00")
            assert bank.booked() == "111.00"
        newest = Client(b.url)("eth_getBlockByNumber", "latest", False)
        assert newest["miner"] == next_sealer
        assert int(newest["number"], 16) > decided
        assert Client(a.rpc_url)("eth_getBlockByNumber", newest["number"], False) == newest
        assert a.stop() == 0
        backed, findings = a.audit()
        assert backed, findings
        assert b.stop() == 0
    finally:
        a.end()
        b.process.kill()
        b.ended()
