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


class InvalidTransaction(ChainError):
    code = "invalid_transaction"


class NonceTooLow(InvalidTransaction):
    code = "nonce_too_low"


class NonceTooHigh(InvalidTransaction):
    code = "nonce_too_high"


class InsufficientBalanceForGas(InvalidTransaction):
    code = "insufficient_balance_for_gas"


class IntrinsicGasTooLow(InvalidTransaction):
    code = "intrinsic_gas_too_low"


class GasLimitTooHigh(InvalidTransaction):
    code = "gas_limit_too_high"


class Underpriced(InvalidTransaction):
    """A different transaction with this nonce waits already, or the fee does not reach the block's base fee."""

    code = "underpriced"


class MempoolFull(InvalidTransaction):
    code = "mempool_full"


class NotPermitted(InvalidTransaction):
    code = "not_permitted"


class InvalidBlock(ChainError):
    code = "invalid_block"

    def __init__(self, detail: str, *, field: str, **facts: Any) -> None:
        super().__init__(detail, field=field, **facts)
        self.field = field
        self.executed: Header | None = None
        """What executing the block gave, where it came to that."""


class InvalidAttestation(ChainError):
    code = "invalid_attestation"


class Reverted(ChainError):
    """`data` is the revert data: an ABI-encoded Error(string), Panic(uint256) or custom error, or empty.

    `refused_creation` says why, where the permissions refused a CREATE or CREATE2 inside the call.
    """

    code = "reverted"

    def __init__(self, data: bytes, *, refused_creation: str | None = None) -> None:
        super().__init__("execution reverted")
        self.data = data
        self.refused_creation = refused_creation


class CallFailed(ChainError):
    code = "call_failed"


class SourceRefused(ChainError):
    code = "source_refused"


class BlockNotFound(ChainError):
    code = "block_not_found"


class GenesisMismatch(ChainError, Fault):
    code = "genesis_mismatch"
    title = "The data directory belongs to another network"


class ChainReplaced(ChainError, Fault):
    code = "chain_replaced"
    title = "The chain is not the one it was"


class ChainUnavailable(ChainError, Unavailable):
    code = "chain_unavailable"
    title = "The chain cannot be reached"
