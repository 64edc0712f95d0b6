"""Every client's words for a refusal come out as one error, by table; words nobody knows are no verdict."""

from typing import Any

import pytest

from ledger_node.chain.errors import (
    BlockNotFound,
    CallFailed,
    ChainError,
    ChainUnavailable,
    GasLimitTooHigh,
    InsufficientBalanceForGas,
    IntrinsicGasTooLow,
    InvalidTransaction,
    MempoolFull,
    NonceTooHigh,
    NonceTooLow,
    NotPermitted,
    Reverted,
    Underpriced,
)
from ledger_node.chain.remote import refusals
from ledger_node.chain.remote.connection import Answered


@pytest.mark.parametrize(
    ("client", "code", "message", "error"),
    [
        # geth, and our own node, which says what geth says
        ("geth", -32000, "nonce too low: next nonce 5, tx nonce 4", NonceTooLow),
        ("geth", -32000, "nonce too high: address 0x11, tx: 9 state: 4", NonceTooHigh),
        (
            "geth",
            -32000,
            "insufficient funds for gas * price + value: balance 0, tx cost 21000",
            InsufficientBalanceForGas,
        ),
        ("geth", -32000, "intrinsic gas too low: gas 20999, minimum needed 21000", IntrinsicGasTooLow),
        (
            "geth",
            -32000,
            "insufficient gas for floor data gas cost: gas 21000, minimum needed 21960",
            IntrinsicGasTooLow,
        ),
        ("geth", -32000, "exceeds block gas limit", GasLimitTooHigh),
        ("geth", -32000, "replacement transaction underpriced", Underpriced),
        ("geth", -32000, "transaction underpriced: gas tip cap 0, minimum needed 1", Underpriced),
        (
            "geth",
            -32000,
            "max fee per gas less than block base fee: address 0x11, maxFeePerGas: 1, baseFee: 7",
            Underpriced,
        ),
        ("geth", -32000, "max priority fee per gas higher than max fee per gas", InvalidTransaction),
        ("geth", -32000, "txpool is full", MempoolFull),
        ("geth", -32000, "invalid sender", InvalidTransaction),
        ("geth", -32000, "invalid chain id for signer: have 5 want 31337", InvalidTransaction),
        ("geth", -32000, "rlp: expected input list for types.LegacyTx", InvalidTransaction),
        ("geth", -32000, "transaction type not supported", InvalidTransaction),
        ("geth", -32000, "max initcode size exceeded: code size 49153, limit 49152", InvalidTransaction),
        ("ours", -32007, "The sender may not deploy; ask the network's administrator for the right.", NotPermitted),
        # Besu
        ("besu", -32001, "Nonce too low", NonceTooLow),
        ("besu", -32002, "Invalid signature", InvalidTransaction),
        ("besu", -32003, "Intrinsic gas exceeds gas limit", IntrinsicGasTooLow),
        ("besu", -32004, "Upfront cost exceeds account balance", InsufficientBalanceForGas),
        ("besu", -32005, "Transaction gas limit exceeds block gas limit", GasLimitTooHigh),
        ("besu", -32006, "Nonce too high", NonceTooHigh),
        ("besu", -32000, "Transaction nonce is too distant from current sender nonce", NonceTooHigh),
        ("besu", -32000, "An invalid transaction with a lower nonce exists", NonceTooHigh),
        ("besu", -32007, "Sender account not authorized to send transactions", NotPermitted),
        ("besu", -32008, "Initial sync is still in progress", ChainUnavailable),
        ("besu", -32009, "Gas price below configured minimum gas price", Underpriced),
        ("besu", -32009, "Gas price below current base fee", Underpriced),
        ("besu", -32000, "Wrong chainId", InvalidTransaction),
        ("besu", -32000, "Transaction fee cap exceeded", InvalidTransaction),
        ("besu", -32000, "Plugin has marked the transaction as invalid", InvalidTransaction),
        # anvil
        ("anvil", -32003, "nonce too low", NonceTooLow),
        ("anvil", -32003, "Insufficient funds for gas * price + value", InsufficientBalanceForGas),
        ("anvil", -32003, "intrinsic gas too high -- tx.gas_limit > env.block.gas_limit", GasLimitTooHigh),
        ("anvil", -32003, "max fee per gas less than block base fee", Underpriced),
        # EthereumJS
        (
            "ethereumjs",
            -32602,
            "0x11 tries to send a tx with nonce 1, but account has nonce 2 (tx nonce too low)",
            NonceTooLow,
        ),
        (
            "ethereumjs",
            -32602,
            "0x11 does not have enough balance to cover transaction costs, need 2, but have 1",
            InsufficientBalanceForGas,
        ),
        ("ethereumjs", -32602, "replacement gas too low, got tip 1, min: 2, got fee 1, min: 2", Underpriced),
        (
            "ethereumjs",
            -32602,
            "Tx cannot pay basefee of 7, have 1 (not within 50% range of current basefee)",
            Underpriced,
        ),
        (
            "ethereumjs",
            -32602,
            "Tx gaslimit of 9 exceeds block gas limit of 8 (exceeds last block gas limit)",
            GasLimitTooHigh,
        ),
        ("ethereumjs", -32602, "Cannot add tx: pool is full", MempoolFull),
        ("ethereumjs", -32700, "serialized tx data could not be parsed (invalid remainder)", InvalidTransaction),
        ("ethereumjs", -32603, "no peer connection available", ChainUnavailable),
        (
            "ethereumjs",
            -32603,
            "client is not aware of the current chain height yet (give sync some more time)",
            ChainUnavailable,
        ),
        # nobody
        ("anybody", -32603, "Internal error", ChainUnavailable),
        ("anybody", -32000, "the moon is in the wrong phase", ChainUnavailable),
        ("anybody", 0, "", ChainUnavailable),
    ],
)
def test_a_refused_transaction(client: str, code: int, message: str, error: type[ChainError]) -> None:
    assert type(refusals.of_transaction(Answered(code, message))) is error


@pytest.mark.parametrize(
    "message",
    [
        "already known",
        "Known transaction",
        "transaction already imported",
        "0xab: this transaction is already in the TxPool",
        "AlreadyKnown",
    ],
)
def test_a_transaction_the_client_has_already_is_no_refusal(message: str) -> None:
    assert refusals.is_known_already(Answered(-32000, message))


def test_another_transaction_in_its_place_is_one() -> None:
    assert not refusals.is_known_already(Answered(-32000, "replacement transaction underpriced"))


CUSTOM = bytes.fromhex("deadbeef") + b"\x00" * 31 + b"\x05"


@pytest.mark.parametrize(
    ("client", "code", "message", "data", "expected"),
    [
        ("geth", 3, "execution reverted", "0x" + CUSTOM.hex(), CUSTOM),
        ("geth", 3, "execution reverted", None, b""),
        ("old geth", -32000, "execution reverted", None, b""),
        ("besu", -32000, "Execution reverted", "0x" + CUSTOM.hex(), CUSTOM),
        ("besu", -32000, "Execution reverted", "0x", b""),
        ("anvil", 3, "execution reverted: custom error 0xdeadbeef", "0x" + CUSTOM.hex(), CUSTOM),
        ("nethermind", -32015, "VM execution error.", "Reverted 0x" + CUSTOM.hex(), CUSTOM),
        ("hardhat", -32603, "reverted with a custom error", {"message": "m", "data": "0x" + CUSTOM.hex()}, CUSTOM),
        (
            "ganache",
            -32000,
            "VM Exception: revert",
            {"0xab": {"error": "revert", "return": "0x" + CUSTOM.hex()}},
            CUSTOM,
        ),
        ("ethereumjs", 3, "revert", "0x" + CUSTOM.hex(), CUSTOM),
    ],
)
def test_a_call_that_reverted_keeps_its_data(client: str, code: int, message: str, data: Any, expected: bytes) -> None:
    reverted = refusals.of_call(Answered(code, message, data))
    assert isinstance(reverted, Reverted)
    assert reverted.data == expected


@pytest.mark.parametrize(
    ("code", "message", "data", "error"),
    [
        (-32000, "out of gas", None, CallFailed),
        (3, "out of gas", "0x", CallFailed),
        (3, "invalid opcode", "0x", CallFailed),
        (-32003, "EVM error: OutOfGas", None, CallFailed),
        (-32000, "gas required exceeds allowance (21000)", None, CallFailed),
        (-32000, "insufficient funds for transfer", None, CallFailed),
        (-32000, "execution aborted (timeout = 5s)", None, CallFailed),
        (-32000, "header not found", None, BlockNotFound),
        (-32000, "missing trie node 0xab (path )", None, BlockNotFound),
        (-32000, "World state unavailable", None, BlockNotFound),
        (-32602, "BlockOutOfRangeError: block height is 0 but requested was 1", None, BlockNotFound),
        (-32602, "specified block greater than current height", None, BlockNotFound),
        (-39001, "Unknown block", None, BlockNotFound),
        (-32005, "Too many requests", None, ChainUnavailable),
    ],
)
def test_a_call_that_ended_otherwise_says_how(code: int, message: str, data: Any, error: type[ChainError]) -> None:
    assert type(refusals.of_call(Answered(code, message, data))) is error


@pytest.mark.parametrize(
    ("code", "message", "error"),
    [
        (-32000, "header not found", BlockNotFound),
        (-32601, "the method eth_getLogs does not exist/is not available", ChainError),
        (-32603, "Internal error", ChainUnavailable),
        (-32008, "Initial sync is still in progress", ChainUnavailable),
    ],
)
def test_a_read_without_an_answer(code: int, message: str, error: type[ChainError]) -> None:
    assert type(refusals.of_read(Answered(code, message))) is error


@pytest.mark.parametrize(
    "message",
    [
        "Requested range exceeds maximum RPC range limit",
        "query returned more than 10000 results",
        "block range limit is 2500 blocks",
        "eth_getLogs is limited to a 10,000 range",
    ],
)
def test_a_log_query_over_too_many_blocks_is_recognised(message: str) -> None:
    assert refusals.is_too_wide(Answered(-32005, message))
