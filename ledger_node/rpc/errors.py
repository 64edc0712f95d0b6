"""JSON-RPC errors, and the one table from the node's error codes to them. Knows no transport.

The codes are those of JSON-RPC 2.0, of EIP-1474, and of geth and Besu where clients look for them; a message starts
with geth's words, because clients search them (ethers finds "nonce too low"), and goes on with how to mend it.
"""

from dataclasses import dataclass
from typing import Any

from ledger_node.chain.errors import Reverted
from ledger_node.errors import LedgerNodeError
from ledger_node.rpc.revert import reason_of

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
SERVER_ERROR = -32000
RESOURCE_UNAVAILABLE = -32002
LIMIT_EXCEEDED = -32005
NOT_PERMITTED = -32007
REVERTED = 3
SYNC_TIMEOUT = 4
SYNC_UNREADY = 5


class RpcError(Exception):
    """An error object of JSON-RPC 2.0; `data` is left out when None."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def as_json(self) -> dict[str, Any]:
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        return error


def invalid_params(message: str) -> RpcError:
    return RpcError(INVALID_PARAMS, message)


def asks_too_much(message: str) -> RpcError:
    """One request asks for more than is allowed. Not LIMIT_EXCEEDED: some clients read that as a limit on the rate of
    requests, and send the same again."""
    return invalid_params(message)


def limit_exceeded(message: str) -> RpcError:
    return RpcError(LIMIT_EXCEEDED, message)


@dataclass(frozen=True, slots=True)
class Row:
    """`words` are geth's for this error; the detail of the error follows them unless it has them already."""

    code: int
    words: str = ""


TABLE: dict[str, Row] = {
    # the mempool refuses
    "nonce_too_low": Row(SERVER_ERROR, "nonce too low"),
    "nonce_too_high": Row(SERVER_ERROR, "nonce too high"),
    "insufficient_balance_for_gas": Row(SERVER_ERROR, "insufficient funds for gas * price + value"),
    "intrinsic_gas_too_low": Row(SERVER_ERROR, "intrinsic gas too low"),
    "gas_limit_too_high": Row(SERVER_ERROR, "exceeds block gas limit"),
    "underpriced": Row(SERVER_ERROR, "replacement transaction underpriced"),
    "mempool_full": Row(SERVER_ERROR, "txpool is full"),
    "not_permitted": Row(NOT_PERMITTED, "Sender account not authorized to send transactions"),
    "invalid_transaction": Row(SERVER_ERROR),
    "invalid_block": Row(SERVER_ERROR),
    "invalid_attestation": Row(SERVER_ERROR),
    # execution
    "reverted": Row(REVERTED, "execution reverted"),
    "call_failed": Row(SERVER_ERROR),
    # reading
    "block_not_found": Row(SERVER_ERROR, "header not found"),
    "genesis_mismatch": Row(SERVER_ERROR),
    "chain_error": Row(SERVER_ERROR),
    # not now
    "chain_replaced": Row(RESOURCE_UNAVAILABLE, "resource unavailable"),
    "source_refused": Row(RESOURCE_UNAVAILABLE, "resource unavailable"),
    "chain_unavailable": Row(RESOURCE_UNAVAILABLE, "resource unavailable"),
    "storage_unavailable": Row(RESOURCE_UNAVAILABLE, "resource unavailable"),
    "storage_failed": Row(RESOURCE_UNAVAILABLE, "resource unavailable"),
    "stopping": Row(RESOURCE_UNAVAILABLE, "resource unavailable"),
    "overloaded": Row(LIMIT_EXCEEDED, "limit exceeded"),
}


def as_rpc_error(error: LedgerNodeError) -> RpcError:
    """The table's row for an expected error of the node; one that is not in it is an internal error, with its words."""
    if isinstance(error, Reverted):
        reason = reason_of(error.data)
        if error.refused_creation is not None:
            reason = f"{reason or 'creating a contract was refused'}: {error.refused_creation}"
        return RpcError(
            REVERTED, f"execution reverted: {reason}" if reason else "execution reverted", hexed(error.data)
        )
    row = TABLE.get(error.code, Row(INTERNAL_ERROR))
    if error.code == "block_not_found":
        return RpcError(row.code, row.words)  # no word more: clients that ask again later compare the whole message
    if row.words and not error.detail.lower().startswith(row.words.lower()):
        return RpcError(row.code, f"{row.words}: {error.detail}")
    return RpcError(row.code, error.detail)


def hexed(data: bytes) -> str:
    return "0x" + data.hex()
