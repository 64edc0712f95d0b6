"""A chain that other clients made: imported under its own fork schedule with full validation, and then only read.

py-evm's own chain checks and executes the blocks here, fork by fork (only proof-of-work seals are not checked); what
comes of it is kept as our own blocks are, so that everything that reads a chain reads this one too. Its pool takes
transactions, and they stay pending: nobody here makes blocks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth.chains.base import Chain
from eth.consensus.applier import ConsensusApplier
from eth.consensus.noproof import NoProofConsensus
from eth.db.backends.base import BaseAtomicDB
from eth.exceptions import CanonicalHeadNotFound, VMError
from eth.vm.forks.arrow_glacier import ArrowGlacierVM
from eth.vm.forks.berlin import BerlinVM
from eth.vm.forks.byzantium import ByzantiumVM
from eth.vm.forks.cancun import CancunVM
from eth.vm.forks.constantinople import ConstantinopleVM
from eth.vm.forks.frontier import FrontierVM
from eth.vm.forks.gray_glacier import GrayGlacierVM
from eth.vm.forks.homestead import HomesteadVM
from eth.vm.forks.istanbul import IstanbulVM
from eth.vm.forks.london import LondonVM
from eth.vm.forks.muir_glacier import MuirGlacierVM
from eth.vm.forks.paris import ParisVM
from eth.vm.forks.petersburg import PetersburgVM
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.blocks import PragueBackwardsHeader
from eth.vm.forks.shanghai import ShanghaiVM
from eth.vm.forks.spurious_dragon import SpuriousDragonVM
from eth.vm.forks.tangerine_whistle import TangerineWhistleVM
from eth_utils.exceptions import ValidationError
from rlp.exceptions import RLPException  # type: ignore[import-untyped]

from ledger_node.chain import tries, wire
from ledger_node.chain.blocks import Header
from ledger_node.chain.encoding import NotCanonical, int_bytes, keccak, rlp_encode
from ledger_node.chain.errors import InvalidBlock
from ledger_node.chain.geth_genesis import GethGenesis
from ledger_node.chain.pyevm.foreign import ForeignRules
from ledger_node.chain.pyevm.rows import BlockRow, LogRow, TransactionRow
from ledger_node.chain.pyevm.rules import effective_price
from ledger_node.chain.pyevm.store import Store
from ledger_node.chain.pyevm.stored import ChainSettings, StoredChain

_VMS: dict[str, Any] = {
    "frontier": FrontierVM, "homestead": HomesteadVM.configure(support_dao_fork=False),
    "tangerine_whistle": TangerineWhistleVM, "spurious_dragon": SpuriousDragonVM, "byzantium": ByzantiumVM,
    "constantinople": ConstantinopleVM, "petersburg": PetersburgVM, "istanbul": IstanbulVM,
    "muir_glacier": MuirGlacierVM, "berlin": BerlinVM, "london": LondonVM, "arrow_glacier": ArrowGlacierVM,
    "gray_glacier": GrayGlacierVM,
}  # fmt: skip
_MERGED: dict[str, Any] = {"paris": ParisVM, "shanghai": ShanghaiVM, "cancun": CancunVM, "prague": PragueVM}


def _without_proof_of_work() -> dict[str, Any]:
    numbered = tuple((number, vm) for number, vm in enumerate(_VMS.values()))
    applied: Any = ConsensusApplier(NoProofConsensus).amend_vm_configuration(numbered)
    return {name: vm for name, (_, vm) in zip(_VMS, applied, strict=True)} | _MERGED


VMS = _without_proof_of_work()


class ImportedChain(StoredChain):
    """Implements LocalChain on a chain of other clients."""

    def __init__(self, store: Store, genesis: GethGenesis, settings: ChainSettings) -> None:
        rules = ForeignRules(genesis, store)
        super().__init__(store, rules, settings)
        self._foreign_rules = rules
        self._values = _Values(store)
        self._in_hand: dict[int, Any] = {}
        self._executor = _executor(rules, self._values, self._in_hand)
        self._start_executor(genesis.header())

    def _start_executor(self, header: Header) -> None:
        """The executor keeps its own index of headers in the store, beside the trie nodes."""
        try:
            self._executor.chaindb.get_canonical_head()
        except CanonicalHeadNotFound:
            first = rlp.decode(wire.encode_header(header), sedes=PragueBackwardsHeader)
            self._executor.chaindb.persist_header(first)
            with self.store.writing() as db:
                self.store.put_values(db, self._values.take())

    def suggest_fees(self) -> tuple[int, int]:
        base_fee = self.head().base_fee_per_gas or 0
        return 2 * base_fee, 0

    def import_block(self, raw: bytes) -> Header:
        """See LocalChain."""
        try:
            taken_apart = wire.decode_block(raw)
        except NotCanonical as error:
            raise InvalidBlock(f"The block cannot be decoded: {error}.", field="encoding") from None
        header = taken_apart.header
        with self._changing:
            self._check_open()
            known = self.store.header(header.number)
            if known is not None and known.hash == header.hash:
                return known
            if header.parent_hash != self._head.hash or header.number != self._head.number + 1:
                raise InvalidBlock(
                    f"The block is not valid: block {header.number} does not follow block {self._head.number}.",
                    field="parent_hash",
                )
            vm = VMS[self._foreign_rules.fork_name(header)]
            self._in_hand.clear()
            self._in_hand[header.number] = vm
            try:
                block = rlp.decode(raw, sedes=vm.get_block_class())
                self._executor.import_block(block)
            except (ValidationError, VMError, RLPException, ValueError) as error:
                self._values.take()
                raise InvalidBlock(f"The block is not valid under {vm.fork} rules: {error}", field="block") from error
            receipts = self._executor.chaindb.get_receipts(block.header, vm.get_receipt_builder())
            transactions, logs = _rows(taken_apart, block.transactions, receipts)
            row = BlockRow(header, taken_apart.ommers, taken_apart.withdrawals, len(raw))
            return self._keep(row, transactions, logs, {}, {}, self._values.take())


def _rows(taken_apart: wire.RawBlock, signed: Any, receipts: Any) -> tuple[list[TransactionRow], list[LogRow]]:
    transactions: list[TransactionRow] = []
    logs: list[LogRow] = []
    base_fee = taken_apart.header.base_fee_per_gas or 0
    gas_before = 0
    for position, (raw, transaction, receipt) in enumerate(
        zip(taken_apart.transactions, signed, receipts, strict=True)
    ):
        decoded = wire.decode_transaction(raw, transaction.sender)
        created = keccak(rlp_encode([decoded.sender, int_bytes(decoded.nonce)]))[12:] if decoded.to is None else None
        transactions.append(
            TransactionRow(
                hash=decoded.hash,
                sender=decoded.sender,
                raw=raw,
                outcome=bytes(receipt.state_root),
                gas_used=receipt.gas_used - gas_before,
                cumulative_gas_used=receipt.gas_used,
                price=effective_price(decoded, base_fee),
                contract=created,
            )
        )
        gas_before = receipt.gas_used
        logs.extend(
            LogRow(position, log.address, tuple(topic.to_bytes(32, "big") for topic in log.topics), log.data)
            for log in receipt.logs
        )
    return transactions, logs


class _Values(BaseAtomicDB):
    """The store's key/value table as py-evm's chain wants it; writes wait here until the block is committed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[bytes, bytes] = {}

    def take(self) -> list[tuple[bytes, bytes]]:
        waiting, self._waiting = list(self._waiting.items()), {}
        return waiting

    def __getitem__(self, key: bytes) -> bytes:
        if key in self._waiting:
            return self._waiting[key]
        try:
            return self._store.value(key)
        except tries.MissingNode:
            raise KeyError(key) from None

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._waiting[key] = value

    def __delitem__(self, key: bytes) -> None:
        raise KeyError(key)  # nothing that was kept is removed

    def _exists(self, key: bytes) -> bool:
        try:
            self[key]
        except KeyError:
            return False
        return True

    @contextmanager
    def atomic_batch(self) -> Iterator[Any]:
        yield self


def _executor(rules: ForeignRules, values: _Values, in_hand: dict[int, Any]) -> Any:
    """py-evm's chain, asking our schedule which fork a block belongs to; `in_hand` has the one being imported."""

    class Executor(Chain):
        vm_configuration = tuple((number, vm) for number, vm in enumerate(VMS.values()))  # type: ignore[misc]
        chain_id = rules.chain_id

        @classmethod
        def get_vm_class_for_block_number(cls, block_number: Any) -> Any:
            if block_number in in_hand:
                return in_hand[block_number]
            header = rules.store.header(block_number)
            assert header is not None
            return VMS[rules.fork_name(header)]

    return Executor(values)
