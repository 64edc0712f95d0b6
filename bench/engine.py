"""The chain engine alone, in this process, with its durable store: settle batches signed beforehand, judged leg by leg.

What the token and the block store take; no gateway and no ledger. One block is synced to disk for each batch.
"""

import threading
import time
from pathlib import Path

from bench.interpreter import Batches
from ledger_node import collector
from ledger_node.chain.blocks import Header
from ledger_node.chain.contract import create_address
from ledger_node.chain.genesis import build_genesis
from ledger_node.chain.pyevm.engine import ChainSettings, open_chain
from ledger_node.deposit_token import calls
from ledger_node.deposit_token.attestation import ReserveAttestation, signature_bytes
from ledger_node.deposit_token.deployment import TokenRoles, TokenSetup
from ledger_node.keys import LocalSigner
from ledger_node.money import currency
from ledger_node.settlement.onchain.batches import BATCH_GAS, LEG_GAS
from ledger_node.settlement.onchain.signing import Fees, sign_transaction

CHAIN_ID = 1337
KEY = LocalSigner(b"\x01" * 32)
SEALER = LocalSigner(b"\x02" * 32)


class Engine:
    """`banks` managed accounts with tokens on a chain in `directory`. One key has every role."""

    name = "ledger-node's chain"

    def __init__(self, directory: Path, *, banks: int, legs: int) -> None:
        genesis = build_genesis(chain_id=CHAIN_ID, sealer=SEALER.address, timestamp=1_700_000_000)
        settings = ChainSettings(produce=True)
        self._chain = open_chain(directory / "chain", genesis, sealer=SEALER, settings=settings)
        self._head = threading.Semaphore(0)
        self._chain.on_new_head(self._hear)
        self._batches = Batches(banks, legs, 0)
        self._nonce = self._batch = 0
        owner = KEY.address
        setup = TokenSetup(currency("USD"), TokenRoles(owner, owner, owner, owner, owner, owner))
        self._token = create_address(owner, 0)
        self._domain = setup.domain(chain_id=CHAIN_ID, token=self._token)
        accounts = self._batches.accounts()
        self._settle_all([self._sign(setup.creation_code(), to=None, gas=10_000_000)])
        for start in range(0, banks, 100):
            some = [calls.Registration(account, 1) for account in accounts[start : start + 100]]
            self._settle_all([self._sign(calls.register(some), gas=10_000_000)])
        self._settle_all([self._settlement(self._batches.funding())])
        collector.rest()  # as in a node that serves

    def _hear(self, header: Header) -> None:
        self._head.release()

    def _sign(self, data: bytes, *, to: bytes | None = b"", gas: int) -> bytes:
        to = self._token if to == b"" else to
        signed = sign_transaction(KEY, chain_id=CHAIN_ID, nonce=self._nonce, to=to, data=data, gas=gas, fees=Fees())
        self._nonce += 1
        return signed.raw

    def _settlement(self, legs: list[calls.Leg]) -> bytes:
        self._batch += 1
        batch_id = self._batch.to_bytes(32)
        attestation = ReserveAttestation(10**15, bytes(32), self._batch, bytes(32))
        signature = signature_bytes(KEY.sign(attestation.digest(self._domain, batch_id)))
        gas = BATCH_GAS + LEG_GAS * len(legs)
        return self._sign(calls.settle(batch_id, legs, attestation, signature), gas=gas)

    def payments(self, batches: int) -> list[bytes]:
        return [self._settlement(self._batches.batch(self._batch)) for _ in range(batches)]

    def settle(self, raws: list[bytes]) -> float:
        """Payments a second, each judged on its own and in a block on disk."""
        started = time.perf_counter()
        self._settle_all(raws)
        return len(raws) * self._batches.legs / (time.perf_counter() - started)

    def _settle_all(self, raws: list[bytes]) -> None:
        for raw in raws:
            hash_ = self._chain.send_raw_transaction(raw)
            assert self._head.acquire(timeout=60)
            receipt = self._chain.receipt(hash_)
            assert receipt is not None
            assert receipt.succeeded, receipt

    def close(self) -> None:
        self._chain.close()
