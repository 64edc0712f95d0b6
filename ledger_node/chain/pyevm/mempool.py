"""Transactions that wait for a block: what is let in, in what order it goes out, and how much may wait.

Everything is judged at the door against the newest block, in geth's words, and again when the permissions change: what
they refuse by then is let go of, and why is remembered for a while. A sender's transactions go out by nonce; those
behind a missing nonce wait for it. Nothing here survives a restart: who needs that sends again.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ledger_node.chain.blocks import Address, Hash32, Transaction
from ledger_node.chain.errors import (
    InsufficientBalanceForGas,
    InvalidTransaction,
    MempoolFull,
    NonceTooHigh,
    NonceTooLow,
    NotPermitted,
    Underpriced,
)
from ledger_node.chain.pyevm.rules import (
    ChainRules,
    ParentState,
    Permissions,
    check_permissions,
    check_sender,
    check_transaction,
    fee_cap,
    total_cost,
)
from ledger_node.chain.pyevm.world import NEW_ACCOUNT

log = logging.getLogger(__name__)

REFUSALS_MAX = 10_000
"""Transactions let go of whose refusal is remembered, the latest ones."""


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """`waiting_max` in all, `sender_max` of one sender, of which `gap_max` nonces beyond the next missing one."""

    waiting_max: int = 20_000
    sender_max: int = 10_000
    gap_max: int = 64
    accept_unprotected: bool = False
    """Whether transactions without a chain id (before EIP-155) are let in; they could be replayed from elsewhere."""


@dataclass(frozen=True, slots=True)
class HeadView:
    """The newest block's state, as the door sees it."""

    state: ParentState
    permissions: Permissions

    def nonce(self, sender: Address) -> int:
        return (self.state.account(sender) or NEW_ACCOUNT)[0]


class Mempool:
    """May be used from any thread."""

    def __init__(self, rules: ChainRules, limits: PoolLimits, view: HeadView) -> None:
        self._rules = rules
        self._limits = limits
        self._view = view
        self._lock = threading.Lock()
        self._arrived: dict[Hash32, Transaction] = {}
        self._by_sender: dict[Address, dict[int, Transaction]] = {}
        self._costs: dict[Address, int] = {}
        self._refusals: OrderedDict[Hash32, InvalidTransaction] = OrderedDict()

    def __len__(self) -> int:
        return len(self._arrived)

    def get(self, transaction_hash: Hash32) -> Transaction | None:
        return self._arrived.get(transaction_hash)

    def refusal(self, transaction_hash: Hash32) -> InvalidTransaction | None:
        """Why a transaction that waited here was let go of without a block having taken it."""
        return self._refusals.get(transaction_hash)

    def next_nonce(self, sender: Address) -> int:
        """The nonce its next transaction needs, counting those that wait without a gap."""
        with self._lock:
            return self._next_nonce(sender)

    def _next_nonce(self, sender: Address) -> int:
        nonce = self._view.nonce(sender)
        waiting = self._by_sender.get(sender, {})
        while nonce in waiting:
            nonce += 1
        return nonce

    # THE DOOR

    def add(self, tx: Transaction) -> list[Transaction]:
        """Let a transaction in; returns what became ready for a block by it, in order (nothing if it was known).

        Raises InvalidTransaction: its shape, its sender's rights, its nonce, its price, its sender's balance, full.
        """
        if tx.hash in self._arrived:
            return []
        if tx.chain_id is None and not self._limits.accept_unprotected:
            raise InvalidTransaction("only replay-protected (EIP-155) transactions are accepted: sign with a chain id")
        check_transaction(self._rules, tx)
        with self._lock:
            view = self._view
            check_permissions(view.permissions, tx)
            self._check_room(tx)
            replaced = self._check_nonce(tx)
            check_sender(tx, view.state.account(tx.sender), view.state.code(tx.sender))
            self._check_balance(tx, replaced)
            if replaced is not None:
                self._remove(replaced)
            was_next = self._next_nonce(tx.sender)
            self._refusals.pop(tx.hash, None)
            self._arrived[tx.hash] = tx
            waiting = self._by_sender.setdefault(tx.sender, {})
            waiting[tx.nonce] = tx
            self._costs[tx.sender] = self._costs.get(tx.sender, 0) + total_cost(tx)
            return [waiting[nonce] for nonce in range(was_next, self._next_nonce(tx.sender))]

    def _check_room(self, tx: Transaction) -> None:
        if len(self._arrived) >= self._limits.waiting_max:
            raise MempoolFull("txpool is full: send it again later")
        if len(self._by_sender.get(tx.sender, ())) >= self._limits.sender_max:
            raise MempoolFull(f"account limit exceeded: {self._limits.sender_max} transactions of this sender wait")

    def _check_nonce(self, tx: Transaction) -> Transaction | None:
        """Returns the transaction that this one replaces."""
        expected = self._view.nonce(tx.sender)
        if tx.nonce < expected:
            raise NonceTooLow(f"nonce too low: next nonce {expected}, tx nonce {tx.nonce}")
        following = self._next_nonce(tx.sender)
        if tx.nonce > following + self._limits.gap_max:
            raise NonceTooHigh(f"nonce too high: next nonce {following}, tx nonce {tx.nonce}")
        other = self._by_sender.get(tx.sender, {}).get(tx.nonce)
        if other is not None and not (_outbids(fee_cap(tx), fee_cap(other)) and _outbids(_tip(tx), _tip(other))):
            raise Underpriced(
                "replacement transaction underpriced: another transaction with this nonce waits, "
                "and this one does not pay at least 10 % more"
            )
        return other

    def _check_balance(self, tx: Transaction, replaced: Transaction | None) -> None:
        """All that a sender has waiting must be payable."""
        balance = (self._view.state.account(tx.sender) or NEW_ACCOUNT)[1]
        cost = self._costs.get(tx.sender, 0) + total_cost(tx) - (total_cost(replaced) if replaced else 0)
        if cost > balance:
            raise InsufficientBalanceForGas(
                f"insufficient funds for gas * price + value: balance {balance}, queued cost "
                f"{cost - total_cost(tx)}, tx cost {total_cost(tx)}, overshot {cost - balance}"
            )

    # OUT

    def ready(self) -> list[Transaction]:
        """What the next block can take: first come, first served, each sender's by nonce."""
        with self._lock:
            return list(self._in_order())

    def _in_order(self) -> Iterator[Transaction]:
        expected: dict[Address, int] = {}
        early: dict[Address, set[int]] = {}
        for tx in self._arrived.values():
            sender = tx.sender
            if sender not in expected:
                expected[sender] = self._view.nonce(sender)
            if tx.nonce != expected[sender]:
                early.setdefault(sender, set()).add(tx.nonce)
                continue
            yield tx
            expected[sender] += 1
            # What came before its turn follows the one it waited for.
            while expected[sender] in early.get(sender, ()):
                yield self._by_sender[sender][expected[sender]]
                expected[sender] += 1

    def follow(self, rules: ChainRules) -> None:
        """What comes from now on is judged by these; only a developer's chain changes them."""
        self._rules = rules

    def waiting(self) -> tuple[list[Transaction], list[Transaction]]:
        """(ready, behind a gap)"""
        with self._lock:
            ready = list(self._in_order())
            seen = {tx.hash for tx in ready}
            return ready, [tx for tx in self._arrived.values() if tx.hash not in seen]

    def drop(self, tx: Transaction, refusal: InvalidTransaction) -> None:
        """Let go of a transaction that waits, and remember why."""
        with self._lock:
            self._drop(tx, refusal)

    def _drop(self, tx: Transaction, refusal: InvalidTransaction) -> None:
        log.info("dropped transaction 0x%s: %s", tx.hash.hex(), refusal.detail)
        self._remove(tx)
        self._refusals[tx.hash] = refusal
        while len(self._refusals) > REFUSALS_MAX:
            self._refusals.popitem(last=False)

    def move_to(self, view: HeadView, senders: Iterable[Address]) -> None:
        """There is a new head, in which `senders` have moved on, and in which permissions may have changed."""
        with self._lock:
            changed = view.permissions is not self._view.permissions
            self._view = view
            for sender in senders:
                nonce = view.nonce(sender)
                for old in [tx for tx in self._by_sender.get(sender, {}).values() if tx.nonce < nonce]:
                    self._remove(old)
            if changed:
                self._judge_again()

    def _judge_again(self) -> None:
        for tx in list(self._arrived.values()):
            try:
                check_permissions(self._view.permissions, tx)
            except NotPermitted as refusal:
                self._drop(tx, refusal)

    def _remove(self, tx: Transaction) -> None:
        if self._arrived.pop(tx.hash, None) is None:
            return
        waiting = self._by_sender[tx.sender]
        del waiting[tx.nonce]
        self._costs[tx.sender] -= total_cost(tx)
        if not waiting:
            del self._by_sender[tx.sender]
            del self._costs[tx.sender]


def _tip(tx: Transaction) -> int:
    return fee_cap(tx) if tx.max_priority_fee_per_gas is None else tx.max_priority_fee_per_gas


def _outbids(offer: int, other: int) -> bool:
    return offer > other and offer * 10 >= other * 11
