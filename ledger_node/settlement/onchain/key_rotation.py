"""Successions: how another key comes to hold one of the house's offices, with overlap, while payments go on.

Every step is worked out anew from what the chain says, so a succession goes on after any stop: whoever is to hold an
office is given what the office needs of every token, holds it once it has all of it, and whoever held it loses it when
nothing it signed is on its way. The chain is asked on the house's tick; what follows from its answers is signed and
stored in the writer's commit, like all that the house sends.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from ledger_node.access import audit_log
from ledger_node.access.model import NODE
from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.blocks import Address, Call
from ledger_node.chain.errors import CallFailed, InvalidTransaction, Reverted
from ledger_node.clock import iso8601
from ledger_node.database import Database, Row
from ledger_node.deposit_token import calls, roles
from ledger_node.deposit_token.refusals import refusal
from ledger_node.errors import ConfigurationError
from ledger_node.keys import RotatingSigner, Signer, Vault
from ledger_node.settlement import events, outcomes, tables
from ledger_node.settlement.onchain import signing_keys
from ledger_node.settlement.onchain.deployment import Signers
from ledger_node.settlement.onchain.outbox import Outbox
from ledger_node.settlement.onchain.tasks import Task

ROLE_GAS = 150_000
CLOCKS_APART_S = 15
"""How far the chain's time may be behind ours when an admin's delay is over."""


@dataclass(frozen=True, slots=True)
class Send:
    """A call on a token by which a role changes hands."""

    signer: Signer
    token: Address
    data: bytes


@dataclass(frozen=True, slots=True)
class Step:
    """What comes next for a key: these calls, or another status, or nothing until it gets what it waits for."""

    row: Row
    sends: tuple[Send, ...] = ()
    status: str | None = None
    waits_for: str | None = None
    signer: Signer | None = None


class KeyRotation(Task):
    kind = "role"

    def __init__(
        self, database: Database, chain: ChainBackend, outbox: Outbox, seats: Signers, vault: Vault,
        adopt: Callable[[Signer], None],
    ) -> None:  # fmt: skip
        self._database = database
        self._chain = chain
        self._outbox = outbox
        self._seats = seats
        self._vault = vault
        self._adopt = adopt
        self._steps: tuple[Step, ...] = ()

    def look_after(self) -> bool:
        """Work out what comes next for every key on its way in or out; whether there is something for `prepare`.

        Raises ChainUnavailable.
        """
        self._steps = ()
        with self._database.read() as connection:
            moving = [row for row in signing_keys.unfinished(connection) if not _still_needed(connection, row)]
            busy = bool(moving) and _something_on_its_way(connection)
            tokens = {row.address: row.currency for row in connection.execute(sa.select(tables.tokens))}
        if not moving or not tokens or busy:
            return False
        self._steps = tuple(step for row in moving if (step := self._next(row, tokens)) is not None)
        return bool(self._steps)

    def prepare(self, connection: sa.Connection) -> None:
        """Sign and store what was worked out; runs inside the writer's commit."""
        steps, self._steps = self._steps, ()
        if not steps or _something_on_its_way(connection):
            return  # the plan was made before the last commit was to be seen
        for step in steps:
            row = connection.execute(
                sa.select(signing_keys.house_keys).where(signing_keys.house_keys.c.id == step.row.id)
            ).one()
            if row.status != step.row.status:
                continue  # canceled since
            for send in step.sends:
                self._outbox.put(connection, send.signer, self.kind, to=send.token, data=send.data, gas=ROLE_GAS)
            if step.status == "current":
                # One key's nonces keep orders and registrations in their order; two keys have none in common.
                if row.office != "admin" or not self._admin_has_unmined(connection):
                    self._seat(connection, row, step)
            elif step.status == "retired":
                signing_keys.change(
                    connection, row.id, status="retired", waits_for=None, retired_at=self._outbox.now_ms()
                )  # fmt: skip
                self._tell(connection, row, "retired")
            else:
                signing_keys.change(connection, row.id, status=step.status or row.status, waits_for=step.waits_for)

    def _admin_has_unmined(self, connection: sa.Connection) -> bool:
        return _has_unmined(connection, tables.chain_transactions.c.sender == self._seats.admin.address)

    def _seat(self, connection: sa.Connection, row: Row, step: Step) -> None:
        signing_keys.seat(connection, row, at=self._outbox.now_ms())
        self._tell(connection, row, "current")
        seat: RotatingSigner = getattr(self._seats, row.office)
        assert step.signer is not None, "whoever is seated can sign"
        seat.holder = step.signer  # a commit that fails ends the house

    def _tell(self, connection: sa.Connection, row: Row, status: str) -> None:
        at = self._outbox.now_ms()
        audit_log.record(connection, NODE, "house_key.rotate", status, at=at, resource_id=row.id)
        data = {"id": row.id, "office": row.office, "address": f"0x{row.address.hex()}", "status": status}
        draft = events.draft(f"house_key.{status}", member_id=None, resource_id=row.id, data=data)
        events.record(connection, [draft], at=at)

    def roles_missing(self) -> tuple[str, ...]:
        """What tokens do not let the house do, in words: its ledger may be from before a key was rotated.

        Raises ChainUnavailable.
        """
        with self._database.read() as connection:
            deployed = sa.select(tables.tokens).where(tables.tokens.c.block_number.is_not(None))
            tokens = connection.execute(deployed.order_by(tables.tokens.c.currency)).all()
        holders = {office: getattr(self._seats, office).address for office in signing_keys.OFFICES}
        return tuple(
            f"the {token.currency} token gives the {office} key 0x{address.hex()} no role for it: it was taken, or "
            "this ledger is from before another key took the office over"
            for token in tokens for office, address in holders.items()
            if not all(roles.has_role(self._chain, token.address, role, address) for role in roles.ROLES_OF[office])
        )  # fmt: skip

    # WHAT COMES NEXT

    def _next(self, row: Row, tokens: dict[Address, str]) -> Step | None:
        step = self._out(row, tokens) if row.status == "outgoing" else self._in(row, tokens)
        unchanged = not step.sends and step.status in (None, row.status) and step.waits_for == row.waits_for
        return None if unchanged else step

    def _in(self, row: Row, tokens: dict[Address, str]) -> Step:
        if (missing := self._no_entry(row, next(iter(tokens)))) is not None:
            return Step(row, waits_for=missing)
        sends = list(self._gifts(row, tokens))
        if sends:
            return self._tried(row, sends, tokens)
        to_accept = self._to_accept(row, tokens)
        if (delay := self._delay_of(to_accept)) is not None:
            return Step(row, waits_for=delay)
        try:
            signer = self._taken_into_use(row)
        except ConfigurationError as unusable:
            return Step(row, waits_for=f"its keystore. {unusable.detail}")
        if to_accept:
            accepting = tuple(Send(signer, token, roles.accept_default_admin_transfer()) for token in to_accept)
            return Step(row, accepting, status="accepting")
        return Step(row, status="current", signer=signer)

    def _out(self, row: Row, tokens: dict[Address, str]) -> Step:
        sends = list(self._takings(row, tokens))
        return self._tried(row, sends, tokens) if sends else Step(row, status="retired")

    def _no_entry(self, row: Row, token: Address) -> str | None:
        """What the network still refuses this key, in words. The attestor sends nothing."""
        if row.office == "attestor":
            return None
        name = f"0x{row.address.hex()}"
        probe, right = Call(sender=row.address, to=token, data=roles.ask_decimals()), "transact"
        if row.office == "admin":  # which deploys tokens
            probe, right = Call(sender=row.address, data=b"\x00"), "deploy"
        try:
            self._chain.estimate_gas(probe)  # a call alone reads, which everybody may
        except (InvalidTransaction, Reverted, CallFailed) as refused:
            return f"the network to let it {right} (ledger-node network grant {name} {right}): {refused.detail}"
        if self._chain.suggest_fees()[0] > 0 and self._chain.balance(row.address) == 0:
            return f"coins for gas: {name} has none"
        return None

    def _gifts(self, row: Row, tokens: Iterable[Address]) -> Iterator[Send]:
        """What it needs of each token and has not."""
        for token in tokens:
            for role in roles.ROLES_OF[row.office]:
                if not roles.has_role(self._chain, token, role, row.address):
                    yield Send(self._seats.admin, token, calls.grant_role(role, row.address))
            if row.office == "settlement":
                per_day = roles.minter_allowance(self._chain, token, self._seats.settlement.address)
                if roles.minter_allowance(self._chain, token, row.address) != per_day:
                    yield Send(self._seats.admin, token, calls.set_minter_allowance(row.address, per_day))
            if row.office == "admin" and self._not_offered(row, token):
                yield Send(self._seats.admin, token, roles.begin_default_admin_transfer(row.address))

    def _not_offered(self, row: Row, token: Address) -> bool:
        """Whether a token's default admin neither is this key nor is to be."""
        offered = (roles.default_admin(self._chain, token), roles.pending_default_admin(self._chain, token)[0])
        return row.address not in offered

    def _to_accept(self, row: Row, tokens: Iterable[Address]) -> list[Address]:
        """The tokens whose default admin this key is to be and is not."""
        if row.office != "admin":
            return []
        return [token for token in tokens if roles.default_admin(self._chain, token) != row.address]

    def _delay_of(self, tokens: Sequence[Address]) -> str | None:
        """What is left of the default admin's delay, in words; it is taken over on all tokens together."""
        schedules = [roles.pending_default_admin(self._chain, token)[1] for token in tokens]
        over_ms = (max(schedules, default=0) + CLOCKS_APART_S) * 1000
        if not tokens or self._outbox.now_ms() > over_ms:
            return None
        return f"the delay of the admin's office, over at {iso8601(over_ms)}"

    def _taken_into_use(self, row: Row) -> Signer:
        """Raises ConfigurationError when there is no such key in the vault."""
        signer = self._vault.open(row.keystore)
        if signer.address != row.address:
            raise ConfigurationError(f"keys/{row.keystore}.json holds 0x{signer.address.hex()}.")
        if row.office != "attestor":
            self._adopt(signer)
        return signer

    def _takings(self, row: Row, tokens: Iterable[Address]) -> Iterator[Send]:
        """What a token still gives it and should not."""
        for token in tokens:
            for role in roles.ROLES_OF[row.office]:
                if roles.has_role(self._chain, token, role, row.address):
                    yield Send(self._seats.admin, token, calls.revoke_role(role, row.address))
            if row.office == "settlement" and roles.minter_allowance(self._chain, token, row.address) != 0:
                yield Send(self._seats.admin, token, calls.set_minter_allowance(row.address, 0))
            if row.office == "admin" and roles.pending_default_admin(self._chain, token)[0] == row.address:
                yield Send(self._seats.admin, token, roles.cancel_default_admin_transfer())

    def _tried(self, row: Row, sends: Sequence[Send], tokens: dict[Address, str]) -> Step:
        """These calls, if the tokens take them now; else what stands in the way."""
        for send in sends:
            call = Call(sender=send.signer.address, to=send.token, data=send.data, gas=ROLE_GAS)
            try:
                self._chain.call(call)
            except (InvalidTransaction, Reverted, CallFailed) as refused:
                why = refused.detail
                if isinstance(refused, Reverted):
                    why = outcomes.of_single(refusal(refused.data)).reason
                return Step(row, status=row.status, waits_for=f"the {tokens[send.token]} token to agree. {why}")
        return Step(row, tuple(sends), status=row.status)


def _still_needed(connection: sa.Connection, row: Row) -> bool:
    """Whether something that this key has signed, before another took its office, is still on its way."""
    if row.status != "outgoing" or row.first_transaction is None:
        return False
    successor = signing_keys.current(connection, row.office)
    assert successor is not None, "an office is never empty"
    return _has_unmined(connection, tables.chain_transactions.c.number < successor.first_transaction)


def _something_on_its_way(connection: sa.Connection) -> bool:
    """Whether the chain has not answered yet: a token is not deployed, or a role is changing hands."""
    undeployed = sa.select(tables.tokens.c.currency).where(tables.tokens.c.block_number.is_(None))
    if connection.execute(undeployed).first() is not None:
        return True
    return _has_unmined(connection, tables.chain_transactions.c.kind == KeyRotation.kind)


def _has_unmined(connection: sa.Connection, which: sa.ColumnElement[bool]) -> bool:
    sent = tables.chain_transactions
    unmined = sa.select(sent.c.number).where(sent.c.status == tables.literally("signed"), which)
    return connection.execute(unmined.limit(1)).first() is not None
