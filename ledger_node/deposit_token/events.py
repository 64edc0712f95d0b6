"""The token's logs as plain frozen data. Fast: the bookkeeper reads one `Moved` per settled leg."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ledger_node.chain.blocks import Address, Hash32, Log
from ledger_node.deposit_token.artifact import deposit_token

NOBODY = bytes(20)
"""The payer of a mint and the payee of a burn."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Tokens moved (ERC-20 Transfer): minted when `payer` is NOBODY, burnt when `payee` is."""

    payer: Address
    payee: Address
    amount: int
    log: Log


@dataclass(frozen=True, slots=True)
class BatchSettled:
    """One code per leg, in leg order: 0 moved, else a restriction code (see codes.py)."""

    batch_id: Hash32
    codes: bytes
    log: Log


@dataclass(frozen=True, slots=True)
class NetSettled:
    """The batch whose id is this root settled the payments under it by their nets."""

    payments_root: Hash32
    log: Log


@dataclass(frozen=True, slots=True)
class AllMoved:
    """Every leg that was to move under this id did (`moveAll`): the transaction's Transfers of this token before it."""

    batch_id: Hash32
    log: Log


@dataclass(frozen=True, slots=True)
class ReserveAttested:
    batch_id: Hash32
    reserve: int
    claims_root: Hash32
    ledger_sequence: int
    ledger_head: Hash32
    log: Log


@dataclass(frozen=True, slots=True)
class HolderRegistered:
    account: Address
    member_id: int
    self_custody: bool
    log: Log


@dataclass(frozen=True, slots=True)
class HolderStatusChanged:
    """`status`: 1 active, 2 suspended, 3 frozen, 4 closed."""

    account: Address
    status: int
    log: Log


@dataclass(frozen=True, slots=True)
class PauseChanged:
    paused: bool
    by: Address
    log: Log


@dataclass(frozen=True, slots=True)
class MinterAllowanceSet:
    minter: Address
    per_day: int
    log: Log


@dataclass(frozen=True, slots=True)
class FrozenTokensChanged:
    """`amount` is what is frozen of the account from now on."""

    account: Address
    amount: int
    log: Log


@dataclass(frozen=True, slots=True)
class TransferForced:
    """A court order moved tokens (the Moved beside it says so too), for this reason."""

    payer: Address
    payee: Address
    amount: int
    reason: str
    log: Log


@dataclass(frozen=True, slots=True)
class HoldPlaced:
    hold_id: Hash32
    payer: Address
    payee: Address
    notary: Address
    amount: int
    expires_at_s: int
    log: Log


@dataclass(frozen=True, slots=True)
class HoldEnded:
    """Executed (a Moved stands beside it), released by one of its parties, or released because it had expired."""

    hold_id: Hash32
    how: Literal["executed", "released", "expired"]
    log: Log


@dataclass(frozen=True, slots=True)
class Retired:
    successor: Address
    log: Log


@dataclass(frozen=True, slots=True)
class AuthorizationSpent:
    """A nonce of ERC-3009 is spent: `used`, and the next Transfer of the transaction is what it moved, or canceled."""

    authorizer: Address
    nonce: Hash32
    used: bool
    log: Log


TokenEvent: TypeAlias = (
    Moved
    | BatchSettled
    | NetSettled
    | AllMoved
    | ReserveAttested
    | HolderRegistered
    | HolderStatusChanged
    | PauseChanged
    | MinterAllowanceSet
    | FrozenTokensChanged
    | TransferForced
    | HoldPlaced
    | HoldEnded
    | Retired
    | AuthorizationSpent
)


def decode(log: Log) -> TokenEvent | None:
    """The event of a log, or None for one that the money rooms do not follow (approvals, roles)."""
    decoder = _DECODERS.get(log.topics[0]) if log.topics else None
    return decoder(log) if decoder else None


def decode_all(logs: Iterable[Log], *, token: Address) -> Iterator[TokenEvent]:
    """The events among `logs` that this token emitted, in order."""
    for log in logs:
        if log.address == token:
            event = decode(log)
            if event is not None:
                yield event


def _moved(log: Log) -> Moved:
    _, payer, payee = log.topics
    return Moved(payer[12:], payee[12:], int.from_bytes(log.data, "big"), log)


def _batch_settled(log: Log) -> BatchSettled:
    length = _integer(log.data, 1)
    return BatchSettled(log.topics[1], log.data[64 : 64 + length], log)


def _net_settled(log: Log) -> NetSettled:
    return NetSettled(log.topics[1], log)


def _all_moved(log: Log) -> AllMoved:
    return AllMoved(log.topics[1], log)


def _reserve_attested(log: Log) -> ReserveAttested:
    data = log.data
    return ReserveAttested(log.topics[1], _integer(data, 0), data[32:64], _integer(data, 2), data[96:128], log)


def _holder_registered(log: Log) -> HolderRegistered:
    _, account, member_id = log.topics
    return HolderRegistered(account[12:], int.from_bytes(member_id, "big"), _integer(log.data, 0) == 1, log)


def _holder_status_changed(log: Log) -> HolderStatusChanged:
    return HolderStatusChanged(log.topics[1][12:], _integer(log.data, 0), log)


def _paused(log: Log) -> PauseChanged:
    return PauseChanged(True, log.data[12:32], log)


def _unpaused(log: Log) -> PauseChanged:
    return PauseChanged(False, log.data[12:32], log)


def _minter_allowance_set(log: Log) -> MinterAllowanceSet:
    return MinterAllowanceSet(log.topics[1][12:], _integer(log.data, 0), log)


def _frozen_tokens_changed(log: Log) -> FrozenTokensChanged:
    return FrozenTokensChanged(log.topics[1][12:], _integer(log.data, 0), log)


def _transfer_forced(log: Log) -> TransferForced:
    _, payer, payee = log.topics
    length = _integer(log.data, 2)
    reason = log.data[96 : 96 + length].decode("utf-8", "replace")
    return TransferForced(payer[12:], payee[12:], _integer(log.data, 0), reason, log)


def _hold_placed(log: Log) -> HoldPlaced:
    _, hold_id, payer, payee = log.topics
    data = log.data
    return HoldPlaced(hold_id, payer[12:], payee[12:], data[12:32], _integer(data, 1), _integer(data, 2), log)


def _hold_executed(log: Log) -> HoldEnded:
    return HoldEnded(log.topics[1], "executed", log)


def _hold_released(log: Log) -> HoldEnded:
    return HoldEnded(log.topics[1], "expired" if _integer(log.data, 0) else "released", log)


def _retired(log: Log) -> Retired:
    return Retired(log.topics[1][12:], log)


def _authorization_used(log: Log) -> AuthorizationSpent:
    return AuthorizationSpent(log.topics[1][12:], log.topics[2], True, log)


def _authorization_canceled(log: Log) -> AuthorizationSpent:
    return AuthorizationSpent(log.topics[1][12:], log.topics[2], False, log)


def _integer(data: bytes, word: int) -> int:
    return int.from_bytes(data[32 * word : 32 * word + 32], "big")


_TOPICS = deposit_token().topics
MOVED_TOPIC: Hash32 = _TOPICS["Transfer"]
_DECODERS: dict[Hash32, Callable[[Log], TokenEvent]] = {
    MOVED_TOPIC: _moved,
    _TOPICS["BatchSettled"]: _batch_settled,
    _TOPICS["NetSettled"]: _net_settled,
    _TOPICS["AllMoved"]: _all_moved,
    _TOPICS["ReserveAttested"]: _reserve_attested,
    _TOPICS["HolderRegistered"]: _holder_registered,
    _TOPICS["HolderStatusChanged"]: _holder_status_changed,
    _TOPICS["Paused"]: _paused,
    _TOPICS["Unpaused"]: _unpaused,
    _TOPICS["MinterAllowanceSet"]: _minter_allowance_set,
    _TOPICS["Frozen"]: _frozen_tokens_changed,
    _TOPICS["ForcedTransferReason"]: _transfer_forced,
    _TOPICS["HoldPlaced"]: _hold_placed,
    _TOPICS["HoldExecuted"]: _hold_executed,
    _TOPICS["HoldReleased"]: _hold_released,
    _TOPICS["Retired"]: _retired,
    _TOPICS["AuthorizationUsed"]: _authorization_used,
    _TOPICS["AuthorizationCanceled"]: _authorization_canceled,
}
