"""Deliberate mistakes, each of which the simulation must find: they show that it bites.

A mutation patches the node in memory. It names what it patches, so one whose target is gone fails instead of passing.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest import mock

from ledger_node.chain.pyevm.engine import PyEvmChain
from ledger_node.chain.pyevm.witnesses import Witnesses
from ledger_node.reserve import ledger, movements
from ledger_node.settlement import events
from ledger_node.settlement.engine import SettlementEngine
from ledger_node.settlement.intake import rules, unit_of_work, verbs
from ledger_node.settlement.intake.unit_of_work import UnitOfWork
from ledger_node.settlement.netting import answers
from ledger_node.settlement.onchain import bookkeeper
from ledger_node.settlement.onchain.booking import Booking
from ledger_node.settlement.onchain.key_rotation import KeyRotation
from ledger_node.settlement.onchain.outbox import Outbox

Mutation = Callable[[ExitStack], None]
MUTATIONS: dict[str, Mutation] = {}


def mutation(act: Mutation) -> Mutation:
    MUTATIONS[act.__name__] = act
    return act


@contextmanager
def mutated(name: str) -> Iterator[None]:
    with ExitStack() as stack:
        MUTATIONS[name](stack)
        yield


def _put(stack: ExitStack, owner: Any, name: str, new: Any) -> None:
    assert hasattr(owner, name), f"{owner} has no {name} any more: the mutation needs another target"
    stack.enter_context(mock.patch.object(owner, name, new))


def _wrap(stack: ExitStack, owner: Any, name: str, around: Callable[..., Any]) -> None:
    original = getattr(owner, name)
    _put(stack, owner, name, lambda *arguments, **options: around(original, *arguments, **options))


@mutation
def pay_out_before_the_burn(stack: ExitStack) -> None:
    """Fiat leaves the reserve when the redemption is accepted, not when the burn is booked."""

    def redeem(original: Any, work: UnitOfWork, request: Any) -> Any:
        accepted = original(work, request)
        operation = accepted.operation
        if not accepted.replayed:
            payout = movements.payout(operation.id, operation.creditor_account, operation.amount, operation.currency)
            work.pay_in(work.parties[operation.creditor_account], payout)
        return accepted

    _wrap(stack, verbs, "redeem", redeem)


@mutation
def pay_out_twice(stack: ExitStack) -> None:
    def transfer(original: Any, connection: Any, movements_: Any, *, at: int) -> None:
        again = [replace(m, reference=m.reference) for m in movements_ if m.reference.startswith("rdm_")]
        original(connection, [*movements_, *again], at=at)

    _wrap(stack, ledger, "transfer", transfer)


@mutation
def drop_the_hold(stack: ExitStack) -> None:
    """A mint sets no fiat aside."""
    _put(stack, UnitOfWork, "hold", lambda *_: None)


@mutation
def void_instead_of_post(stack: ExitStack) -> None:
    _put(stack, ledger, "post", ledger.void)


@mutation
def drop_the_promise(stack: ExitStack) -> None:
    """Tokens that are on their way out can be spent again."""
    _put(stack, UnitOfWork, "promise", lambda *_: None)


@mutation
def keep_the_promise_for_ever(stack: ExitStack) -> None:
    _put(stack, Booking, "_release", lambda *_: None)


@mutation
def judge_no_balance(stack: ExitStack) -> None:
    """Whether there is enough is left to the contract."""
    _put(stack, rules, "enough", lambda *_: None)


@mutation
def book_twice(stack: ExitStack) -> None:
    def moved(original: Any, *arguments: Any, **options: Any) -> None:
        original(*arguments, **options)
        original(*arguments, **options)

    _wrap(stack, Booking, "moved", moved)


@mutation
def skip_a_block(stack: ExitStack) -> None:
    """Every third block is taken as booked without a look."""
    seen = iter(range(1_000_000))

    def book(original: Any, self: Any, connection: Any, header: Any) -> Any:
        if next(seen) % 3 == 2:
            bookkeeper._move_cursor(connection, header)
            return []
        return original(self, connection, header)

    _wrap(stack, bookkeeper.Bookkeeper, "book", book)


@mutation
def lose_the_signed_bytes(stack: ExitStack) -> None:
    """What the chain did not take the first time is never sent again."""
    _put(stack, Outbox, "resend_unmined", lambda *_: None)


@mutation
def send_before_the_commit(stack: ExitStack) -> None:
    """The chain hears of a batch that the ledger may yet forget."""

    def before_commit(original: Any, self: SettlementEngine, connection: Any) -> None:
        original(self, connection)
        self.outbox.send_fresh()

    _wrap(stack, SettlementEngine, "_before_commit", before_commit)


@mutation
def take_any_request_under_a_used_key(stack: ExitStack) -> None:
    """The key alone decides; the second request gets the first one's answer."""

    _put(stack, unit_of_work, "request_hash", lambda _: bytes(32))


@mutation
def forget_that_a_key_was_used(stack: ExitStack) -> None:

    counter = iter(range(1_000_000))
    _put(stack, UnitOfWork, "earlier", lambda *_: None)
    _wrap(stack, unit_of_work, "request_key", lambda original, request: f"{original(request)}/{next(counter)}")


@mutation
def forget_to_tell(stack: ExitStack) -> None:
    """A payment ends and no event says so."""
    _put(stack, events, "record", lambda *_, **__: None)


@mutation
def answer_before_it_is_durable(stack: ExitStack) -> None:
    """The commit is rolled back when the disk is full, and the client is told that all is well."""
    from ledger_node.settlement.intake.desk import Desk

    _wrap(stack, Desk, "_answer", lambda original, self, sitting, failure: original(self, sitting, None))


@mutation
def seal_a_block_that_nobody_else_can_make(stack: ExitStack) -> None:
    """A block's time is before its parent's."""
    _put(stack, PyEvmChain, "_next_timestamp", lambda self: self.head().timestamp - 1)


@mutation
def lose_the_followers_word(stack: ExitStack) -> None:
    _put(stack, Witnesses, "keep", lambda *_: None)


@mutation
def forget_a_nonce(stack: ExitStack) -> None:
    """After a restart the chain, not the ledger, says which nonce is next."""

    def adopt(original: Any, self: Outbox, connection: Any, signer: Any) -> None:
        from ledger_node.settlement import tables

        connection.execute(tables.nonces.delete().where(tables.nonces.c.sender == signer.address))
        original(self, connection, signer)

    _wrap(stack, Outbox, "adopt", adopt)


@mutation
def seat_a_key_that_has_no_roles(stack: ExitStack) -> None:
    _put(stack, KeyRotation, "_gifts", lambda *_: iter(()))


@mutation
def promise_a_net_for_ever(stack: ExitStack) -> None:
    """What a net batch was to take from an account stays set aside after it was taken."""
    _put(stack, Booking, "free", lambda *_: None)


@mutation
def forget_a_payment_of_a_net_batch(stack: ExitStack) -> None:
    def carried(original: Any, *arguments: Any) -> Any:
        net = original(*arguments)
        return replace(net, payments=net.payments[:-1])

    _wrap(stack, answers, "carried", carried)
