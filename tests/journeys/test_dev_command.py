"""`ledger-node dev` as a process: what it prints is true, and when it stops nothing is left."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rpc.server import Answered, Client

pytestmark = pytest.mark.slow

FIRST = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def test_a_developer_gets_ten_funded_accounts_and_a_chain_that_obeys(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ledger_node", "dev", "--rpc-port", "0", "--log-level", "warning"]
    environment = {"TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=tmp_path) as process:
        try:
            assert process.stdout is not None
            printed: list[str] = []
            while not (printed and printed[-1].startswith("Listening on ")):
                line = process.stdout.readline()
                assert line, "it ended"
                printed.append(line.rstrip())
            url = printed[-1].removeprefix("Listening on ")
            assert printed[1] == f"(0) {FIRST}"
            assert len([line for line in printed if re.fullmatch(r"\(\d\) 0x[0-9a-f]{64}", line)]) == 10

            rpc = Client(url)
            assert rpc("eth_accounts")[0] == FIRST.lower()
            assert rpc("eth_chainId") == hex(31337)
            sent = rpc("eth_sendTransaction", {"from": FIRST, "to": "0x" + "11" * 20, "value": "0x7"})
            rpc("evm_mine")
            assert rpc("eth_getTransactionReceipt", sent)["status"] == "0x1"
            rpc("anvil_setBalance", "0x" + "11" * 20, "0x63")
            assert rpc("eth_getBalance", "0x" + "11" * 20) == "0x63"
            with pytest.raises(Answered, match="not impersonated"):
                rpc("eth_sendTransaction", {"from": "0x" + "11" * 20, "to": FIRST})
            assert [path.name for path in tmp_path.iterdir()] != []
        finally:
            process.send_signal(signal.SIGTERM)
            status = process.wait(30)
    assert status == 0
    assert list(tmp_path.iterdir()) == []
