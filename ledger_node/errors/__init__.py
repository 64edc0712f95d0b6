"""Every error the node can tell a caller, in one tree; each leaf has a stable code.

    LedgerNodeError
    ├── Refused                        the caller asked for what the rules forbid; nothing changed
    │   ├── Malformed                  malformed_json, invalid_field, invalid_amount, ...
    │   ├── NotAllowed                 unauthenticated, forbidden, member_suspended, ...
    │   ├── NotFound                   member_not_found, account_not_found, payment_not_found, ...
    │   ├── Conflict                   idempotency_conflict, already_exists, wrong_state
    │   └── Unpayable                  insufficient_funds, currency_mismatch, limit_exceeded, ...
    ├── Unavailable                    the node cannot do it now; trying again later is right
    └── Fault                          the node found its own stores in disagreement; it stops rather than guesses

Each branch has its module. Every class says its own `code`, `title` and `remedy`; its `status` is its branch's where it
has none of its own. This room knows no transport: `gateway` tells an error as a problem, `rpc` maps codes to JSON-RPC
codes in one table. Errors of the chain door live in `chain/errors.py`, those of the REST door in `gateway/errors.py`;
both derive from this tree.
"""

from ledger_node.errors.base import LedgerNodeError, Refused
from ledger_node.errors.conflict import (
    AlreadyExists,
    ApprovalExpired,
    Conflict,
    IdempotencyConflict,
    NotEmpty,
    WrongState,
)
from ledger_node.errors.fault import (
    BackingBroken,
    ChainBehindLedger,
    ConfigurationError,
    Fault,
    LedgerBehindChain,
    StorageFailed,
)
from ledger_node.errors.malformed import (
    IdempotencyKeyInvalid,
    IdempotencyKeyMissing,
    InvalidAmount,
    InvalidField,
    Malformed,
    ProofInvalid,
    UnknownCurrency,
)
from ledger_node.errors.not_allowed import (
    Forbidden,
    MemberNotActive,
    MemberSuspended,
    NamedOperatorNeeded,
    NotAllowed,
    OwnRequest,
    Unauthenticated,
)
from ledger_node.errors.not_found import (
    AccountNotFound,
    ApprovalNotFound,
    AttestationNotFound,
    HouseKeyNotFound,
    MemberNotFound,
    NettingCycleNotFound,
    NotFound,
    NotSettledNet,
    OperatorNotFound,
    OrderNotFound,
    PaymentNotFound,
)
from ledger_node.errors.unavailable import DoorsClosed, Overloaded, Stopping, StorageUnavailable, Unavailable
from ledger_node.errors.unpayable import (
    AccountClosed,
    AccountNotActive,
    AuthorizationExpired,
    AuthorizationInvalid,
    AuthorizationNotYetValid,
    AuthorizationUsed,
    CreditorNotActive,
    CurrencyMismatch,
    InsufficientBalance,
    InsufficientFunds,
    LimitExceeded,
    NettingExpired,
    NettingQueueFull,
    RejectedOnChain,
    SameAccount,
    SelfCustody,
    Unpayable,
    WrongAccountKind,
)

__all__ = [
    "AccountClosed",
    "AccountNotActive",
    "AccountNotFound",
    "AlreadyExists",
    "ApprovalExpired",
    "ApprovalNotFound",
    "AttestationNotFound",
    "AuthorizationExpired",
    "AuthorizationInvalid",
    "AuthorizationNotYetValid",
    "AuthorizationUsed",
    "BackingBroken",
    "ChainBehindLedger",
    "ConfigurationError",
    "Conflict",
    "CreditorNotActive",
    "CurrencyMismatch",
    "DoorsClosed",
    "Fault",
    "Forbidden",
    "HouseKeyNotFound",
    "IdempotencyConflict",
    "IdempotencyKeyInvalid",
    "IdempotencyKeyMissing",
    "InsufficientBalance",
    "InsufficientFunds",
    "InvalidAmount",
    "InvalidField",
    "LedgerBehindChain",
    "LedgerNodeError",
    "LimitExceeded",
    "Malformed",
    "MemberNotActive",
    "MemberNotFound",
    "MemberSuspended",
    "NamedOperatorNeeded",
    "NettingCycleNotFound",
    "NettingExpired",
    "NettingQueueFull",
    "NotAllowed",
    "NotEmpty",
    "NotFound",
    "NotSettledNet",
    "OperatorNotFound",
    "OrderNotFound",
    "Overloaded",
    "OwnRequest",
    "PaymentNotFound",
    "ProofInvalid",
    "Refused",
    "RejectedOnChain",
    "SameAccount",
    "SelfCustody",
    "Stopping",
    "StorageFailed",
    "StorageUnavailable",
    "Unauthenticated",
    "Unavailable",
    "UnknownCurrency",
    "Unpayable",
    "WrongAccountKind",
    "WrongState",
]
