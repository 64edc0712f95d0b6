"""The outbox: every transaction the node itself sends, signed and stored with its nonce before anybody else sees it.

The stored bytes are what makes sending safe: sent again they are the same transaction, which can take effect once. So
there is one way to recover from anything: send what is not mined, again. Knows no money and no token.
"""

import threading

import sqlalchemy as sa

from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.errors import InvalidTransaction
from ledger_node.clock import Clock
from ledger_node.database import Database, execute_many, fetch
from ledger_node.errors import Unavailable
from ledger_node.keys import Signer
from ledger_node.settlement import tables
from ledger_node.settlement.onchain.signing import Fees, SignedTransaction, sign_transaction


class Outbox:
    def __init__(self, database: Database, chain: ChainBackend, clock: Clock) -> None:
        self._database = database
        self._chain = chain
        self._clock = clock
        self._fees = Fees()
        self._fresh: list[tuple[bytes, bytes]] = []
        self._sending = threading.Lock()
        self._chain_id: int | None = None
        self.trouble: str | None = None
        """Why the chain did not take our transactions the last time, or None."""

    @property
    def chain_id(self) -> int:
        assert self._chain_id is not None, "a key is adopted before the first transaction is signed"
        return self._chain_id

    def now_ms(self) -> int:
        return self._clock.now_ms()

    def adopt(self, connection: sa.Connection, signer: Signer) -> None:
        """Take a key into use: from now on the ledger, not the chain, counts its nonces. Raises ChainUnavailable."""
        self._chain_id = self._chain.chain_id
        self.learn_fees()
        query = sa.select(tables.nonces.c.sender).where(tables.nonces.c.sender == signer.address)
        if connection.execute(query).first() is None:
            first = self._chain.nonce(signer.address)
            connection.execute(tables.nonces.insert().values(sender=signer.address, next_nonce=first))

    def learn_fees(self) -> None:
        """What the next transactions offer per gas: what the chain asks for now. Raises ChainUnavailable."""
        self._fees = Fees(*self._chain.suggest_fees())

    def put(
        self, connection: sa.Connection, signer: Signer, kind: str, *, to: bytes | None, data: bytes, gas: int
    ) -> SignedTransaction:
        """Sign with the key's next nonce and store. It is sent after the commit by `send_fresh`."""
        ((nonce,),) = fetch(connection, _NEXT_NONCE, of=signer.address)
        execute_many(connection, _COUNT_ON, [{"of": signer.address, "next": nonce + 1}])
        signed = sign_transaction(
            signer, chain_id=self.chain_id, nonce=nonce, to=to, data=data, gas=gas, fees=self._fees
        )
        stored = {
            "hash": signed.hash, "sender": signed.sender, "nonce": nonce, "kind": kind, "raw": signed.raw,
            "status": "signed", "created_at": self._clock.now_ms(),
        }  # fmt: skip
        execute_many(connection, _STORE, [stored])
        self._fresh.append((signed.sender, signed.raw))
        return signed

    def send_fresh(self) -> None:
        """Send what the last commit stored. What the chain does not take stays stored for `resend_unmined`."""
        fresh, self._fresh = self._fresh, []
        self._send(fresh)

    def forget_fresh(self) -> None:
        """The commit failed, or nobody knows: what it stored, if it did, `resend_unmined` finds."""
        self._fresh = []

    def resend_unmined(self) -> None:
        """Send everything stored that is in no booked block, in the order of nonces. Any thread, at any time."""
        with self._database.read() as connection:
            stored = [(row.sender, row.raw) for row in fetch(connection, _UNMINED)]
        self._send(stored)

    def _send(self, stored: list[tuple[bytes, bytes]]) -> None:
        refused: dict[bytes, str] = {}
        with self._sending:
            for sender, raw in stored:
                if sender in refused:
                    continue  # a later nonce is of no use before this one
                try:
                    self._chain.send_raw_transaction(raw)
                except InvalidTransaction as refusal:
                    refused[sender] = f"0x{sender.hex()}: {refusal.code}: {refusal.detail}"
                except Unavailable as trouble:
                    self.trouble = f"{trouble.code}: {trouble.detail}"
                    return
            if stored:
                self.trouble = "; ".join(refused.values()) or None


_NEXT_NONCE = sa.select(tables.nonces.c.next_nonce).where(tables.nonces.c.sender == sa.bindparam("of"))
_COUNT_ON = (
    tables.nonces.update().where(tables.nonces.c.sender == sa.bindparam("of")).values(next_nonce=sa.bindparam("next"))
)
_STORE = tables.chain_transactions.insert().inline()
_UNMINED = (
    sa.select(tables.chain_transactions.c.sender, tables.chain_transactions.c.raw)
    .where(tables.chain_transactions.c.status == tables.literally("signed"))
    .order_by(tables.chain_transactions.c.number)
)
