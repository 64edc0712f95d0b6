"""The founding of a ledger on a chain: keys taken into use, the books of each currency opened, its token deployed.

Runs at every start and does only what is still missing, so a currency added to the settings gets its token then.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.blocks import Receipt
from ledger_node.chain.contract import create_address
from ledger_node.database import execute
from ledger_node.deposit_token.deployment import TokenRoles, TokenSetup
from ledger_node.errors import Fault, LedgerBehindChain
from ledger_node.keys import Signer
from ledger_node.money import currency as currency_of
from ledger_node.reserve import ledger
from ledger_node.settlement import tables
from ledger_node.settlement.onchain import signing_keys
from ledger_node.settlement.onchain.outbox import Outbox
from ledger_node.settlement.onchain.tasks import Block, Task

DEPLOYMENT_GAS = 8_000_000


@dataclass(frozen=True, slots=True)
class Signers:
    """The node's keys, one for each thing it does. `attestor` signs attestations and sends nothing."""

    settlement: Signer
    attestor: Signer
    admin: Signer


class Deployments(Task):
    kind = "deployment"

    def __init__(self, chain: ChainBackend, outbox: Outbox, signers: Signers, currencies: Sequence[str]) -> None:
        self._chain = chain
        self._outbox = outbox
        self._signers = signers
        self._currencies = tuple(currencies)
        self._missing: tuple[str, ...] = ()

    def found(self, connection: sa.Connection) -> None:
        """Everything that must be there before the first payment, but for the tokens.

        Raises ChainUnavailable, LedgerBehindChain when this ledger is new and its key has settled before, and
        ConfigurationError when a key is not the one that holds its office.
        """
        keys = self._signers
        addresses: dict[signing_keys.Office, bytes] = {
            "settlement": keys.settlement.address, "attestor": keys.attestor.address, "admin": keys.admin.address
        }  # fmt: skip
        signing_keys.found(connection, addresses, at=self._outbox.now_ms())
        if connection.execute(sa.select(tables.cursor.c.id)).first() is None:
            # Nothing of ours can be in a block that exists before our first transaction.
            head = self._chain.head()
            if sent := self._chain.nonce(self._signers.settlement.address, head.number):
                raise LedgerBehindChain(
                    f"The settlement key has sent {sent} transactions on this chain, and this ledger is new and knows "
                    "of none: nothing is signed. Restore the newest ledger.", sent=sent,
                )  # fmt: skip
            connection.execute(tables.cursor.insert().values(id=1, block_number=head.number, block_hash=head.hash))
        for signer in (self._signers.settlement, self._signers.admin):
            self._outbox.adopt(connection, signer)
        for code in self._currencies:
            ledger.open_currency(connection, code)
        there = set(connection.execute(sa.select(tables.tokens.c.currency)).scalars())
        self._missing = tuple(code for code in self._currencies if code not in there)

    def prepare(self, connection: sa.Connection) -> None:
        """The deployment of every token that is missing; runs inside the writer's commit."""
        for code in self._missing:
            self._deploy(connection, code)
        self._missing = ()

    def _deploy(self, connection: sa.Connection, code: str) -> None:
        keys, admin = self._signers, self._signers.admin
        roles = TokenRoles(
            admin=admin.address, settlement=keys.settlement.address, attestor=keys.attestor.address,
            registrar=admin.address, pauser=admin.address, enforcer=admin.address,
        )  # fmt: skip
        setup = TokenSetup(currency_of(code), roles)
        data = setup.creation_code()
        signed = self._outbox.put(connection, admin, self.kind, to=None, data=data, gas=DEPLOYMENT_GAS)
        address = create_address(signed.sender, signed.nonce)
        connection.execute(
            tables.tokens.insert().values(
                currency=code, address=address, name=setup.name, deployment=signed.hash, supply=0
            )
        )

    def booked(self, connection: sa.Connection, receipt: Receipt, block: Block) -> None:
        if not receipt.succeeded:
            where = f"block {receipt.block_number}: 0x{receipt.transaction_hash.hex()}"
            raise Fault(f"The deployment of a token reverted in {where}.")
        execute(connection, _DEPLOYED, of=receipt.transaction_hash, in_block=receipt.block_number)


_DEPLOYED = (
    tables.tokens.update()
    .where(tables.tokens.c.deployment == sa.bindparam("of"))
    .values(block_number=sa.bindparam("in_block"))
)
