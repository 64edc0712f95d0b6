"""What a chain refuses or cannot do.

ChainError
├── InvalidTransaction     the mempool refuses it; it can never take effect as it is
│   ├── NonceTooLow  NonceTooHigh  InsufficientBalanceForGas  IntrinsicGasTooLow  GasLimitTooHigh  Underpriced
│   └── NotPermitted       the network's permissions refuse the sender (JSON-RPC -32007)
├── InvalidBlock           an imported block breaks a rule; names the field that differs
├── InvalidAttestation     an attestation of a block is not one of this chain's attestors over a block it has
├── Reverted               a call reverted; carries its return data
├── CallFailed             a call ended otherwise (out of gas, invalid opcode, over its wall-clock limit)
├── SourceRefused          the node that is followed answered with an error
├── BlockNotFound          no such block, or its state is not kept
├── GenesisMismatch        the data directory belongs to another network
├── ChainReplaced          a remote chain is not the one it was: reset, or it took back a final block
└── ChainUnavailable       the engine cannot be reached or is stopping; trying again is right
"""

from typing import Any

from ledger_node.chain.blocks import Header
from ledger_node.errors import Fault, LedgerNodeError, Unavailable

DEPLOYMENT_NOT_PERMITTED = bytes.fromhex("9822542c")
"""Selector of DeploymentNotPermitted(address): the revert data of a CREATE or CREATE2 that the permissions refuse is
this and the transaction's sender."""


class ChainError(LedgerNodeError):
    code = "chain_error"
    title = "The chain refused"
    remedy = "The chain refused what the node asked of it. Callers see `internal`."


class InvalidTransaction(ChainError):
    code = "invalid_transaction"
    remedy = "A transaction is not one this chain can take. On JSON-RPC: mend and sign it again. Here: `internal`."


class NonceTooLow(InvalidTransaction):
    code = "nonce_too_low"
    remedy = "The sender's nonce is used already. On JSON-RPC: ask for the next one. Here: `internal`."


class NonceTooHigh(InvalidTransaction):
    code = "nonce_too_high"
    remedy = "A transaction before this one is missing. On JSON-RPC: send that one first. Here: `internal`."


class InsufficientBalanceForGas(InvalidTransaction):
    code = "insufficient_balance_for_gas"
    remedy = "The sender cannot pay for the gas it offers. On JSON-RPC: offer zero. Here: `internal`."


class IntrinsicGasTooLow(InvalidTransaction):
    code = "intrinsic_gas_too_low"
    remedy = "Less gas than the transaction itself costs. On JSON-RPC: estimate it. Here: `internal`."


class GasLimitTooHigh(InvalidTransaction):
    code = "gas_limit_too_high"
    remedy = "More gas than a block has. On JSON-RPC: estimate it. Here: `internal`."


class Underpriced(InvalidTransaction):
    """A different transaction with this nonce waits already, or the fee does not reach the block's base fee."""

    code = "underpriced"
    remedy = "Another transaction with this nonce waits. On JSON-RPC: offer more than it does. Here: `internal`."


class MempoolFull(InvalidTransaction):
    code = "mempool_full"
    remedy = "Too many transactions wait. On JSON-RPC: send it again later. Here: `internal`."


class NotPermitted(InvalidTransaction):
    code = "not_permitted"
    remedy = "The network's permissions refuse the sender. On JSON-RPC: ask your administrator. Here: `internal`."


class InvalidBlock(ChainError):
    code = "invalid_block"
    remedy = "A block breaks a rule of the network; it was not imported. Callers see `internal`."

    def __init__(self, detail: str, *, field: str, **facts: Any) -> None:
        super().__init__(detail, field=field, **facts)
        self.field = field
        self.executed: Header | None = None
        """What executing the block gave, where it came to that."""


class InvalidAttestation(ChainError):
    code = "invalid_attestation"
    remedy = "A follower's word about a block is not what its key signed. Callers see `internal`."


class Reverted(ChainError):
    """`data` is the revert data: an ABI-encoded Error(string), Panic(uint256) or custom error, or empty.

    `refused_creation` says why, where the permissions refused a CREATE or CREATE2 inside the call.
    """

    code = "reverted"
    remedy = "A contract refused the call; its data says why. Callers see `internal`."

    def __init__(self, data: bytes, *, refused_creation: str | None = None) -> None:
        super().__init__("execution reverted")
        self.data = data
        self.refused_creation = refused_creation


class CallFailed(ChainError):
    code = "call_failed"
    remedy = "A call ran out of gas, of time, or into an invalid opcode. Callers see `internal`."


class SourceRefused(ChainError):
    code = "source_refused"
    remedy = "A node that a follower asks refused the question. Callers see `internal`."


class BlockNotFound(ChainError):
    code = "block_not_found"
    remedy = "There is no such block, or its state is not kept. Callers see `internal`."


class GenesisMismatch(ChainError, Fault):
    code = "genesis_mismatch"
    title = "The data directory belongs to another network"
    remedy = "The data directory belongs to another network; use its own. Callers see `internal`."


class ChainReplaced(ChainError, Fault):
    code = "chain_replaced"
    title = "The chain is not the one it was"
    remedy = (
        "The other client's chain was reset or took a final block back; see the operator's log. Callers see `internal`."
    )


class ChainUnavailable(ChainError, Unavailable):
    code = "chain_unavailable"
    title = "The chain cannot be reached"
    remedy = "The chain cannot be reached. Try again after Retry-After, with the same Idempotency-Key."
