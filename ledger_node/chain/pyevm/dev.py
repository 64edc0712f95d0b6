"""A developer's private chain: state, time and senders obey. Never part of a network that anybody else follows.

What a developer sets by hand lies beside the blocks, as the state root that stands in for a header's own. Such a chain
works on as any other, but can no longer be verified from its genesis.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ledger_node.chain import wire
from ledger_node.chain.backend import StateDump
from ledger_node.chain.blocks import Address, Call, Hash32, Header
from ledger_node.chain.encoding import keccak
from ledger_node.chain.errors import InvalidBlock, InvalidTransaction
from ledger_node.chain.genesis import Genesis, GenesisAccount
from ledger_node.chain.pyevm import calls, dumps
from ledger_node.chain.pyevm.engine import PyEvmChain, network_chain
from ledger_node.chain.pyevm.execution import Executed
from ledger_node.chain.pyevm.store import Store
from ledger_node.chain.pyevm.stored import ChainSettings
from ledger_node.chain.pyevm.world import World
from ledger_node.clock import Clock
from ledger_node.keys import Signer


@dataclass(frozen=True, slots=True)
class Snapshot:
    number: int
    root: Hash32
    ahead_s: int


def open_dev_chain(
    directory: Path,
    genesis: Genesis,
    *,
    sealer: Signer,
    clock: Clock | None = None,
    settings: ChainSettings | None = None,
) -> "DevPyEvmChain":
    """As open_chain, for one developer."""
    return network_chain(DevPyEvmChain, directory, genesis, sealer=sealer, clock=clock, settings=settings)


TIME_MAX = 2**62
"""Of what a developer may set the clock to; a store's integers end a little later."""


class DevPyEvmChain(PyEvmChain):
    """Implements DevChain."""

    def __init__(self, store: Store, *arguments: Any, **options: Any) -> None:
        self._set_roots: dict[Hash32, Hash32] = {}
        kept = store.meta("dev_root")
        if kept is not None:
            block_hash, root = kept.split(" ")
            self._set_roots[bytes.fromhex(block_hash)] = bytes.fromhex(root)
        self._ahead_s = 0
        self._set_timestamp: int | None = None
        self._timestamp_interval_s: int | None = None
        self._automine = True
        self._impersonated: set[Address] = set()
        self._impersonates_all = False
        self._interval_s: int | None = None
        self._snapshots: dict[int, Snapshot] = {}
        self._snapshot_count = 0
        # What was set by hand is known in this process alone.
        options["settings"] = replace(options["settings"], call_workers=0)
        super().__init__(store, *arguments, **options)
        with store.writing() as db:
            store.put_nodes(db, dumps.preimages(dumps.places_of(self.rules.genesis.alloc)).items())

    # TIME AND BLOCKS

    def mine(self, blocks: int = 1, interval_seconds: int | None = None) -> None:
        with self._changing:
            self._check_time(self._head.timestamp + blocks * (interval_seconds or 0))
            for place in range(blocks):
                if place > 0 and interval_seconds is not None and self._set_timestamp is None:
                    self._set_timestamp = self._head.timestamp + interval_seconds
                self.make_block(allow_empty=True)

    def make_block(self, *, allow_empty: bool = False) -> Header | None:
        with self._changing:
            timestamp = self._set_timestamp
            made = super().make_block(allow_empty=allow_empty)
            if made is not None and timestamp is not None:
                # The chain's clock goes on from there.
                self._set_timestamp, self._ahead_s = None, timestamp - self._clock.now_ms() // 1000
            return made

    def _world_on(self, root: Hash32) -> World:
        self._world = super()._world_on(root)
        return self._world

    def _commit(self, executed: Executed, header: Header) -> Header:
        places = dumps.preimages(self._world.places())
        return super()._commit(replace(executed, codes={**executed.codes, **places}), header)

    def set_next_timestamp(self, timestamp: int) -> None:
        if timestamp < self._head.timestamp:
            raise InvalidBlock(
                f"Timestamp {timestamp} is lower than the newest block's, {self._head.timestamp}.", field="timestamp"
            )
        self._check_time(timestamp)
        self._set_timestamp = timestamp

    def increase_time(self, seconds: int) -> int:
        self._check_time(self._clock.now_ms() // 1000 + self._ahead_s + seconds)
        self._ahead_s += seconds
        return self._ahead_s

    @staticmethod
    def _check_time(timestamp: int) -> None:
        if timestamp > TIME_MAX:
            raise InvalidBlock(f"Timestamp {timestamp} is too far ahead; at most {TIME_MAX}.", field="timestamp")

    def set_automine(self, enabled: bool) -> None:
        self._automine = enabled
        if enabled and self._producer is not None:
            self._producer.wake()

    @property
    def automines(self) -> bool:
        return self._automine and self._producer is not None and self.fault is None

    def _has_work(self) -> bool:
        return self._automine and super()._has_work()

    def _next_timestamp(self) -> int:
        if self._set_timestamp is not None:
            return max(self._set_timestamp, self._head.timestamp)
        if self._timestamp_interval_s is not None:
            return min(self._head.timestamp + self._timestamp_interval_s, TIME_MAX)
        return max(self._clock.now_ms() // 1000 + self._ahead_s, self._head.timestamp)

    @property
    def interval_s(self) -> int | None:
        return self._interval_s

    def set_interval(self, seconds: int) -> None:
        self._interval_s = seconds or None
        self._automine = False
        if self._producer is not None:
            self._producer.set_interval(self._interval_s)

    def set_time(self, timestamp: int) -> int:
        if timestamp < self._head.timestamp:
            raise InvalidBlock(
                f"Timestamp {timestamp} is lower than the newest block's, {self._head.timestamp}.", field="timestamp"
            )
        self._check_time(timestamp)
        before = self._clock.now_ms() // 1000 + self._ahead_s
        self._ahead_s += timestamp - before
        return max(timestamp - before, 0)

    def set_timestamp_interval(self, seconds: int) -> None:
        self._timestamp_interval_s = seconds

    def remove_timestamp_interval(self) -> bool:
        removed, self._timestamp_interval_s = self._timestamp_interval_s is not None, None
        return removed

    # RULES

    def set_gas_limit(self, gas_limit: int) -> None:
        self._change_genesis(replace(self.rules.genesis, gas_limit=gas_limit))

    def set_chain_id(self, chain_id: int) -> None:
        self._change_genesis(replace(self.rules.genesis, chain_id=chain_id))

    def _change_genesis(self, genesis: Genesis) -> None:
        """Known in this process alone, as all that is set by hand."""
        with self._changing:
            rules = replace(self.rules, genesis=genesis)
            self.rules = self._rules = rules
            self._questions = replace(self._questions, schedule=rules)
            self.pool.follow(rules)

    # THE POOL

    def drop_transaction(self, transaction_hash: Hash32) -> bool:
        waiting = self.pool.get(transaction_hash)
        if waiting is not None:
            self.pool.drop(waiting, InvalidTransaction("the developer dropped it"))
        return waiting is not None

    def drop_transactions(self, sender: Address | None = None) -> None:
        with self._changing:
            for waiting in (*self.pending_transactions(), *self.queued_transactions()):
                if sender in (None, waiting.sender):
                    self.pool.drop(waiting, InvalidTransaction("the developer dropped it"))

    # STATE

    def add_balance(self, address: Address, amount: int) -> None:
        self._set(lambda world: world.set_balance(address, min(world.get_balance(address) + amount, 2**256 - 1)))

    def set_balance(self, address: Address, balance: int) -> None:
        self._set(lambda world: world.set_balance(address, balance))

    def set_nonce(self, address: Address, nonce: int) -> None:
        self._set(lambda world: world.set_nonce(address, nonce))

    def set_code(self, address: Address, code: bytes) -> None:
        self._set(lambda world: world.set_code(address, code))

    def set_storage(self, address: Address, slot: int, value: int) -> None:
        self._set(lambda world: world.set_storage(address, slot, value))

    def dump(self) -> StateDump:
        with self._changing:
            header, root = self._head, self._root(self._head)
        return StateDump(header, dict(dumps.accounts(self.store, root)))

    def load(self, accounts: Mapping[Address, GenesisAccount]) -> None:
        self._set(lambda world: dumps.put_accounts(world, accounts))

    def _set(self, change: Any) -> None:
        with self._changing:
            world = self._world_on(self._root(self._head))
            change(world)
            world.clear_empty_accounts()
            root = bytes(world.make_state_root())
            with self.store.writing() as db:
                self.store.put_nodes(db, [(node_hash, encoded) for node_hash, (encoded, _) in world.created.items()])
                self.store.put_nodes(db, world.codes.items())
                self.store.put_nodes(db, dumps.preimages(world.places()).items())
                self.store.put_meta(db, "dev_root", f"{self._head.hash.hex()} {root.hex()}")
            self._stand_in(self._head, root)

    def _stand_in(self, header: Header, root: Hash32) -> None:
        self._set_roots[header.hash] = root
        self.pool.move_to(self._view(header), ())

    def _root(self, header: Header) -> Hash32:
        return self._set_roots.get(header.hash, header.state_root)

    # SNAPSHOTS

    def snapshot(self) -> int:
        with self._changing:
            self._snapshot_count += 1
            taken = Snapshot(self._head.number, self._root(self._head), self._ahead_s)
            self._snapshots[self._snapshot_count] = taken
            return self._snapshot_count

    def revert_to(self, snapshot: int) -> bool:
        with self._changing:
            taken = self._snapshots.get(snapshot)
            if taken is None:
                return False
            self._snapshots = {number: kept for number, kept in self._snapshots.items() if number < snapshot}
            self.store.drop_after(taken.number)
            header = self.store.header(taken.number)
            assert header is not None
            self._head = header
            self._ahead_s = taken.ahead_s
            for waiting in (*self.pending_transactions(), *self.queued_transactions()):
                self.pool.drop(waiting, InvalidTransaction("the chain was put back to a snapshot"))
            with self.store.writing() as db:
                self.store.put_meta(db, "dev_root", f"{header.hash.hex()} {taken.root.hex()}")
            self._stand_in(header, taken.root)
            return True

    def reset(self) -> None:
        with self._changing:
            self._snapshots[0] = Snapshot(0, self.header(0).state_root, 0)
            self.revert_to(0)
            self._impersonated.clear()
            self._impersonates_all = False

    # SENDERS

    def impersonate_all(self, enabled: bool) -> None:
        self._impersonates_all = enabled

    def impersonate(self, address: Address) -> None:
        self._impersonated.add(address)

    def stop_impersonating(self, address: Address) -> None:
        self._impersonated.discard(address)

    def send_unsigned(self, call: Call) -> Hash32:
        if call.sender not in self._impersonated and not self._impersonates_all:
            raise InvalidTransaction(
                f"0x{call.sender.hex()} is not impersonated: call hardhat_impersonateAccount first"
            )
        self._check_open()
        nonce = self.nonce(call.sender, "pending") if call.nonce is None else call.nonce
        if call.gas_price is None:
            call = replace(call, max_priority_fee_per_gas=call.max_priority_fee_per_gas or 0)  # which makes it type 2
        gas = self.estimate_gas(call, "pending") if call.gas is None else call.gas
        transaction = calls.as_transaction(call, gas=gas, nonce=nonce, chain_id=self.chain_id)
        # In place of a signature stands the sender, so that two senders never share a hash.
        marked = replace(transaction, v=27 if transaction.type == 0 else 0, r=int.from_bytes(call.sender, "big"), s=1)
        raw = wire.encode_transaction(marked)
        made = wire.decode_transaction(raw, call.sender)
        assert made.hash == keccak(raw)
        self._admit(replace(made, chain_id=self.chain_id))
        return made.hash
