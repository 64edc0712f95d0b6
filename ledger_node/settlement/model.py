"""What settlement speaks of, as plain frozen data. Amounts are integer minor units, times milliseconds since 1970 UTC.

The gateway renders these; nothing here knows HTTP, SQL or the chain's encoding.
"""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ledger_node.access.model import Caller
from ledger_node.errors import LedgerNodeError

PaymentKind: TypeAlias = Literal["mint", "transfer", "redemption"]
FiatKind: TypeAlias = Literal["deposit", "withdrawal"]
Status: TypeAlias = Literal[
    "pending_approval", "scheduled", "queued", "accepted", "processing", "settled", "rejected", "canceled", "returned"
]
FINAL: frozenset[Status] = frozenset({"settled", "rejected", "canceled", "returned"})
ISO_STATUS: dict[Status, str] = {
    "pending_approval": "PDNG", "scheduled": "PDNG", "queued": "PDNG", "accepted": "ACTC", "processing": "ACSP",
    "settled": "ACSC", "rejected": "RJCT", "canceled": "CANC", "returned": "ACSC",
}  # fmt: skip

Settlement: TypeAlias = Literal["gross", "net"]
"""Paid at once, or set off against what others pay (netting/)."""

MemberStatus: TypeAlias = Literal["pending", "active", "suspended", "offboarded"]
AccountKind: TypeAlias = Literal["DDA", "BDA"]
AccountStatus: TypeAlias = Literal["pending", "active", "blocked", "closed"]
Custody: TypeAlias = Literal["managed", "self"]


@dataclass(frozen=True, slots=True)
class Member:
    id: str
    bic: str
    lei: str
    legal_name: str
    status: MemberStatus
    created_at: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What one member may do in one currency, in minor units; None: nothing was agreed, so nothing is refused.

    `per_payment` bounds each mint, transfer and redemption, `per_day` what leaves its BDAs in a UTC day, `holding` what
    all its BDAs hold with what is on its way to them; above `approval_above` a payment waits for a second user.
    """

    member_id: str
    currency: str
    per_payment: int
    per_day: int | None = None
    holding: int | None = None
    approval_above: int | None = None


OrderKind: TypeAlias = Literal[
    "freeze", "unfreeze", "partial_freeze", "forced_transfer", "pause", "unpause", "mint_limit"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Order:
    """What the operator ordered against an account (or, for pause, unpause and mint_limit, a whole token), and why."""

    id: str
    kind: OrderKind
    currency: str
    account_id: str | None
    creditor_account: str | None
    amount: int | None
    reason: str
    status: Literal["accepted", "processing", "settled", "rejected"]
    created_at: int
    settled_at: int | None = None
    code: str | None = None
    detail: str | None = None
    transaction_hash: bytes | None = None
    block_number: int | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A DDA (`address` and `custody` None) or a BDA."""

    id: str
    member_id: str
    kind: AccountKind
    currency: str
    status: AccountStatus
    address: bytes | None
    custody: Custody | None
    created_at: int


@dataclass(frozen=True, slots=True)
class Balances:
    """`booked` and `available` now, true at `block_number` (for a DDA: the last block booked)."""

    account_id: str
    currency: str
    booked: int
    available: int
    block_number: int


@dataclass(frozen=True, slots=True)
class Authorization:
    """A transfer out of a BDA in self custody, signed by its own key (ERC-3009); times in Unix seconds."""

    valid_after: int
    valid_before: int
    nonce: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """One of the three verbs as a member asks for it; `amount` is still the client's decimal string.

    `refusal`: what was found wrong with the authorisation when it was examined, before the request was submitted.
    """

    kind: PaymentKind
    caller: Caller
    idempotency_key: str
    debtor_account: str
    creditor_account: str
    amount: str
    currency: str
    end_to_end_id: str | None = None
    uetr: str | None = None
    external_id: str | None = None
    authorization: Authorization | None = None
    refusal: LedgerNodeError | None = None
    settlement: Settlement = "gross"


@dataclass(frozen=True, slots=True)
class FiatRequest:
    """Fiat into (deposit) or out of (withdrawal) a DDA, by the operator."""

    kind: FiatKind
    caller: Caller
    idempotency_key: str
    account: str
    amount: str
    currency: str
    end_to_end_id: str | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """A payment or fiat movement as stored. `code`, `reason_code` and `reason` only when rejected or canceled.

    `block_number`, `transaction_hash` and `log_index` once settled on chain; None for deposits and withdrawals.
    `net_until`: how long it waits for a netting cycle; None for what settles gross.
    """

    id: str
    kind: PaymentKind | FiatKind
    member_id: str
    status: Status
    debtor_account: str | None
    creditor_account: str | None
    amount: int
    currency: str
    end_to_end_id: str | None
    uetr: str
    external_id: str | None
    created_at: int
    settled_at: int | None = None
    code: str | None = None
    reason_code: str | None = None
    reason: str | None = None
    block_number: int | None = None
    transaction_hash: bytes | None = None
    log_index: int | None = None
    net_until: int | None = None

    @property
    def settlement(self) -> Settlement:
        return "gross" if self.net_until is None else "net"

    def settled(self, *, at: int, block_number: int, transaction_hash: bytes, log_index: int) -> "Operation":
        """As it is once the chain has moved it. Written out, for `replace` takes four times as long."""
        return Operation(
            self.id, self.kind, self.member_id, "settled", self.debtor_account, self.creditor_account, self.amount,
            self.currency, self.end_to_end_id, self.uetr, self.external_id, self.created_at, at, self.code,
            self.reason_code, self.reason, block_number, transaction_hash, log_index, self.net_until,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Accepted:
    """Answer to a submission: the operation, and whether an earlier request with this key had made it already."""

    operation: Operation
    replayed: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an account: CRDT adds, DBIT takes; `balance` is booked after it. Chain fields None on DDA lines."""

    id: str
    account_id: str
    sequence: int
    direction: Literal["CRDT", "DBIT"]
    amount: int
    balance: int
    currency: str
    operation_id: str | None
    created_at: int
    block_number: int | None = None
    transaction_hash: bytes | None = None
    log_index: int | None = None
    reason: str | None = None
    """Of the court order that moved it."""
    netting_cycle: str | None = None
    """Of which it is this account's net, or part of it."""


CycleStatus: TypeAlias = Literal["called", "settling", "settled", "returned", "empty"]


@dataclass(frozen=True, slots=True)
class NettingCycle:
    """One settlement of queued payments by their nets: `payments` worth `gross` against `net` of tokens that move.

    `left` stayed in the queue. `code` and `reason` when the chain refused a net and all went back (`returned`).
    """

    id: str
    currency: str
    status: CycleStatus
    batch_id: str | None
    payments: int
    gross: int
    net: int
    left: int
    code: str | None
    reason: str | None
    created_at: int
    ended_at: int | None


@dataclass(frozen=True, slots=True)
class Policy:
    """What needs two people, and how long things wait. `fiat_above` in whole units of a currency: larger deposits and
    withdrawals need two. `net_expires_after_ms`: how long a payment waits for a netting cycle; `net_queued_max`: how
    many of a member do at once."""

    four_eyes: bool = False
    fiat_above: int = 1_000_000
    expires_after_ms: int = 86_400_000
    net_expires_after_ms: int = 86_400_000
    net_queued_max: int = 10_000


ONE_PERSON = Policy()


@dataclass(frozen=True, slots=True)
class Token:
    """The contract of one currency, deployed in `block_number`."""

    currency: str
    name: str
    address: bytes
    block_number: int


@dataclass(frozen=True, slots=True)
class ReservePosition:
    """Reserve (posted plus mint holds) against token supply in one currency, at one booked block."""

    currency: str
    reserve: int
    supply: int
    in_flight: int
    block_number: int

    @property
    def difference(self) -> int:
        return self.reserve - self.supply

    @property
    def backed(self) -> bool:
        return 0 <= self.difference <= self.in_flight


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to a member's resource, e.g. `transfer.settled`; `sequence` orders all events."""

    id: str
    sequence: int
    type: str
    member_id: str | None
    resource_id: str
    data: dict[str, Any]
    created_at: int
