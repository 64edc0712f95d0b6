"""viem 2, ethers 6 and web3.js 4, each in its own script, all of which see the same."""

from typing import Any

import pytest

from ledger_node.demo.process import NodeProcess
from tests.clients.network import MAY_NOT_DEPLOY, NOT_ADMITTED, TRANSACTOR
from tests.clients.tools import javascript

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("clients")]


def check(saw: dict[str, Any]) -> None:
    assert saw["receipt"] == "success"
    assert saw["most"] == 8  # the constructor's argument, read back
    assert [[guest.lower(), page, words] for guest, page, words in saw["events"]] == [
        [f"0x{TRANSACTOR.hex()}", 1, "hello"]
    ]
    assert saw["heard"] == ["hello"]  # over WebSocket
    assert saw["error"] == ["TooLong", 12, 8]
    for words, refusal in zip(saw["refusals"], (MAY_NOT_DEPLOY, MAY_NOT_DEPLOY, NOT_ADMITTED), strict=True):
        assert refusal in words


def test_viem_deploys_calls_hears_decodes_and_is_refused(node: NodeProcess) -> None:
    saw = javascript("viem.mjs", node)
    check(saw)
    assert saw["polled"] == ["hello"]  # over HTTP, with a filter
    assert saw["codes"] == [-32007]
    assert saw["pages"] == 1  # slot 0, by eth_getProof
    assert saw["accessList"] == [1]


def test_ethers_deploys_calls_hears_decodes_and_is_refused(node: NodeProcess) -> None:
    saw = javascript("ethers.mjs", node)
    check(saw)
    assert saw["polled"] == ["hello"]
    assert saw["sentError"] == ["TooLong", 12, 8]  # from the data of eth_estimateGas
    assert saw["codes"] == [-32007]
    assert saw["spent"] == "NONCE_EXPIRED"  # by our words "nonce too low"


def test_web3_js_deploys_calls_hears_decodes_and_is_refused(node: NodeProcess) -> None:
    check(javascript("web3.mjs", node))
