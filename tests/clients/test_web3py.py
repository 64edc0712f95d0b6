"""web3.py 8 as developers use it: blocking and async over HTTP, async over WebSocket (it has no blocking one any more).

Our blocks need no middleware for proof of authority; the one used here signs.
"""

import asyncio
from typing import Any

import pytest
from eth_abi.abi import decode
from eth_account import Account
from web3 import AsyncHTTPProvider, AsyncWeb3, HTTPProvider, Web3, WebSocketProvider
from web3.exceptions import ContractCustomError, ContractLogicError, Web3RPCError
from web3.middleware import SignAndSendRawMiddlewareBuilder

from ledger_node.demo.process import NodeProcess
from tests.clients.guestbook import artifact
from tests.clients.network import DEPLOYER_KEY, MAY_NOT_DEPLOY, NOT_ADMITTED, STRANGER_KEY, TRANSACTOR_KEY

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("clients")]

KEYS = (DEPLOYER_KEY, TRANSACTOR_KEY, STRANGER_KEY)
DEPLOYER, TRANSACTOR, STRANGER = (Account.from_key(key).address for key in KEYS)
ABI, BYTECODE = artifact()["abi"], artifact()["bytecode"]
SIGNING: Any = SignAndSendRawMiddlewareBuilder


TOO_LONG = ("TooLong(uint256,uint256)", 12, 8)


def test_web3_py_deploys_calls_reads_decodes_and_is_refused(node: NodeProcess) -> None:
    w3: Any = Web3(HTTPProvider(node.rpc_url))
    for key in KEYS:
        w3.middleware_onion.inject(SIGNING.build(key), layer=0)
    guestbook = w3.eth.contract(abi=ABI, bytecode=BYTECODE)

    # DEPLOY, CALL, READ
    deployed = w3.eth.wait_for_transaction_receipt(guestbook.constructor(8).transact({"from": DEPLOYER}))
    book = w3.eth.contract(deployed["contractAddress"], abi=ABI)
    watching = book.events.Signed.create_filter(from_block="latest")
    signed = w3.eth.wait_for_transaction_receipt(book.functions.sign("hello").transact({"from": TRANSACTOR}))
    assert (signed["status"], signed["type"], signed["effectiveGasPrice"]) == (1, 2, 0)
    assert (book.functions.most().call(), book.functions.visits(TRANSACTOR).call()) == (8, 1)
    (event,) = book.events.Signed.get_logs(from_block=0)
    assert event["args"] == {"guest": TRANSACTOR, "page": 1, "words": "hello"}
    assert [entry["args"] for entry in watching.get_new_entries()] == [event["args"]]
    assert w3.eth.get_block("latest", full_transactions=True)["baseFeePerGas"] == 0

    # ERRORS
    with pytest.raises(ContractCustomError) as custom:
        book.functions.sign("far too long").call({"from": TRANSACTOR})
    assert decoded(custom.value) == TOO_LONG
    with pytest.raises(ContractCustomError) as custom:
        book.functions.sign("far too long").transact({"from": TRANSACTOR})  # refused by its estimate
    assert decoded(custom.value) == TOO_LONG
    with pytest.raises(ContractLogicError, match="execution reverted: go away"):
        book.functions.refuse("go away").call()

    # PERMISSIONS
    with pytest.raises(Web3RPCError, match=MAY_NOT_DEPLOY) as refused:
        guestbook.constructor(8).transact({"from": TRANSACTOR})
    assert refused.value.rpc_response is not None
    assert refused.value.rpc_response["error"]["code"] == -32007  # type: ignore[index]
    with pytest.raises(Web3RPCError, match=NOT_ADMITTED):
        book.functions.sign("me").transact({"from": STRANGER, "gas": 100_000})


def test_async_web3_py_does_the_same(node: NodeProcess) -> None:
    async def over_http() -> None:
        provider = AsyncHTTPProvider(node.rpc_url)
        await walk(AsyncWeb3(provider))
        await provider.disconnect()

    asyncio.run(over_http())


def test_async_web3_py_subscribes_over_websocket(node: NodeProcess) -> None:
    async def over_websocket() -> None:
        async with AsyncWeb3(WebSocketProvider(node.rpc_url.replace("http", "ws", 1))) as w3:
            book = await walk(w3)
            subscription = await w3.eth.subscribe("logs", {"address": book.address})
            heads = await w3.eth.subscribe("newHeads")
            sent = await book.functions.sign("again").transact({"from": TRANSACTOR})
            heard: dict[str, Any] = {}
            async for message in w3.socket.process_subscriptions():
                heard[str(message["subscription"])] = message["result"]
                if len(heard) == 2:
                    break
            assert book.events.Signed().process_log(heard[subscription])["args"]["words"] == "again"
            assert heard[heads]["hash"] == (await w3.eth.wait_for_transaction_receipt(sent))["blockHash"]

    asyncio.run(over_websocket())


async def walk(w3: Any) -> Any:
    """The guestbook, deployed and signed."""
    for key in KEYS:
        w3.middleware_onion.inject(SIGNING.build(key), layer=0)
    guestbook = w3.eth.contract(abi=ABI, bytecode=BYTECODE)
    sent = await guestbook.constructor(8).transact({"from": DEPLOYER})
    deployed = await w3.eth.wait_for_transaction_receipt(sent, poll_latency=0.02)
    book = w3.eth.contract(deployed["contractAddress"], abi=ABI)
    sent = await book.functions.sign("hello").transact({"from": TRANSACTOR})
    await w3.eth.wait_for_transaction_receipt(sent, poll_latency=0.02)
    (event,) = await book.events.Signed.get_logs(from_block=0)
    assert event["args"] == {"guest": TRANSACTOR, "page": 1, "words": "hello"}
    with pytest.raises(ContractCustomError) as custom:
        await book.functions.sign("far too long").call({"from": TRANSACTOR})
    assert decoded(custom.value) == TOO_LONG
    with pytest.raises(Web3RPCError, match=MAY_NOT_DEPLOY):
        await guestbook.constructor(8).transact({"from": TRANSACTOR})
    return book


def decoded(error: ContractCustomError) -> tuple[Any, ...]:
    """By the contract's own interface: web3.py hands the data on."""
    data = bytes.fromhex(str(error.data)[2:])
    for entry in ABI:
        if entry["type"] == "error":
            types = [parameter["type"] for parameter in entry["inputs"]]
            signature = f"{entry['name']}({','.join(types)})"
            if data[:4] == Web3.keccak(text=signature)[:4]:
                return signature, *decode(types, data[4:])
    raise AssertionError(f"no error of the contract: {data.hex()}")
