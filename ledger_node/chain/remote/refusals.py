"""What another client's JSON-RPC errors mean here: the one table from their words to `chain/errors.py`.

Codes alone do not tell (Besu's -32001 is a nonce, geth's is a missing block; most say -32000), so the message decides
first. The words are those of geth, GoQuorum, Besu, anvil, Nethermind, EthereumJS and our own node. An answer that no
line names is never taken for a verdict on a transaction: it is ChainUnavailable, and the outbox sends again.
"""

import re
from typing import Any

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
from ledger_node.chain.remote.connection import Answered

METHOD_NOT_FOUND = -32601
_SENDER_NOT_PERMITTED = -32007
_STILL_SYNCING = -32008

_KNOWN = re.compile(
    r"already ?known|known transaction|already imported|already exists|already in the ?\w*pool", re.IGNORECASE
)

_NOT_NOW = re.compile(
    r"sync is still in progress|not aware of the current chain height|no peer connection|rate limit|too many requests"
    r"|capacity exceeded|shutting down|is stopping|not ready",
    re.IGNORECASE,
)

_TRANSACTION: tuple[tuple[re.Pattern[str], type[InvalidTransaction]], ...] = tuple(
    (re.compile("|".join(words), re.IGNORECASE), error)
    for error, words in (
        (NotPermitted, ["not authori[sz]ed", "not permitted", r"not have \w+ permission", "permission denied"]),
        (NonceTooLow, ["nonce too low", "nonce has already been used", "old nonce"]),
        (NonceTooHigh, ["nonce too high", "nonce gap", "nonce is too distant", "lower nonce exists"]),
        (
            InsufficientBalanceForGas,
            ["insufficient (funds|balance)", "upfront cost exceeds", "not have enough (balance|funds)"],
        ),
        (
            Underpriced,
            [
                "replacement",
                "underpriced",
                r"(price|fee|fee ?cap)\b.*\b(below|too low|less than|lower than)",
                "cannot pay basefee",
                "minimum gas price",
            ],
        ),
        (
            GasLimitTooHigh,
            ["exceeds (the )?(last )?block gas ?limit", "(gas limit|intrinsic gas) too high", "gas ?limit .*exceeds"],
        ),
        (IntrinsicGasTooLow, ["intrinsic gas", "floor data gas", "gas floor"]),
        (MempoolFull, ["pool is full", "mempool is full", "max amount of txs"]),
        (
            InvalidTransaction,
            [
                "invalid (signature|sender|chain ?id|transaction|tx|opcode)",
                "wrong ?chain ?id|chainid",
                "could not be parsed|rlp|decode|typed transaction|not supported",
                "fee cap exceeded|exceeds (max fee|cap|the configured cap)|priority fee .*(higher|exceeds)",
                "init ?code|oversized|too large|marked the transaction as invalid",
            ],
        ),
    )
)

_NO_SUCH_BLOCK = re.compile(
    r"header not found|unknown ?block|block (\w+ )?not found|missing trie node|state .*(not|un)available|no state"
    r"|out ?of ?range|greater than current height|historical state|header for hash not found|resource not found",
    re.IGNORECASE,
)

_TOO_WIDE = re.compile(
    r"range|more than \d+ (results|logs|blocks)|too many (results|logs|blocks)|limit|response size", re.IGNORECASE
)

_STOPPED = re.compile(r"out of gas|invalid (opcode|jump)|stack (under|over)flow|static state", re.IGNORECASE)

_HEX_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*")


def is_known_already(answer: Answered) -> bool:
    """The client has this very transaction in its pool or in a block."""
    return _KNOWN.search(answer.message) is not None


def is_too_wide(answer: Answered) -> bool:
    """The client refuses a log query for the number of blocks or logs it covers."""
    return _TOO_WIDE.search(answer.message) is not None


def of_transaction(answer: Answered) -> ChainError:
    """Why a client did not take a transaction."""
    if answer.code == _STILL_SYNCING or _NOT_NOW.search(answer.message):
        return _not_now(answer)
    if answer.code == _SENDER_NOT_PERMITTED:
        return NotPermitted(answer.message)
    for words, error in _TRANSACTION:
        if words.search(answer.message):
            return error(answer.message)
    return _not_now(answer)


def of_call(answer: Answered) -> ChainError:
    """Why a client's execution of a call or gas estimate failed."""
    data = revert_data(answer)
    if data is not None:
        return Reverted(data)
    if _NOT_NOW.search(answer.message):
        return _not_now(answer)
    if _NO_SUCH_BLOCK.search(answer.message):
        return BlockNotFound(answer.message)
    return CallFailed(answer.message)


def of_read(answer: Answered) -> ChainError:
    """Why a client did not answer a read."""
    if _NO_SUCH_BLOCK.search(answer.message):
        return BlockNotFound(answer.message)
    if answer.code == METHOD_NOT_FOUND:
        return ChainError(f"The chain's client lacks a method this node needs: {answer.message}")
    return _not_now(answer)


def revert_data(answer: Answered) -> bytes | None:
    """The data a call reverted with, or None when it did not revert.

    geth, anvil and Besu: code 3 or "execution reverted" with `data` a hex string; Nethermind: "Reverted 0x…"; Hardhat:
    an object whose `data` is the string; old ganache: an object of transactions with `return`.
    """
    found = _find_hex(answer.data)
    if answer.code == 3 and not _stopped_otherwise(answer.message):
        return found or b""
    if "revert" in answer.message.lower() or (isinstance(answer.data, str) and answer.data.startswith("Reverted")):
        return found or b""
    return None


def _stopped_otherwise(message: str) -> bool:
    """EthereumJS says code 3 for every way a call can end badly."""
    return _STOPPED.search(message) is not None


def _find_hex(data: Any) -> bytes | None:
    if isinstance(data, str):
        match = _HEX_DATA.search(data)
        return bytes.fromhex(match[0][2:]) if match else None
    if isinstance(data, dict):
        for name in ("data", "result", "return", "output"):
            if name in data:
                return _find_hex(data[name])
        for value in data.values():
            if isinstance(value, dict):
                return _find_hex(value)
    return None


def _not_now(answer: Answered) -> ChainUnavailable:
    return ChainUnavailable(f"The chain answered with an error: {answer.message or 'without words'} ({answer.code}).")
