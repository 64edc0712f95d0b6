"""The prestate tracer: what every account and slot was before, and with `diffMode` what it became."""

from ledger_node.chain.blocks import Address, Transaction
from ledger_node.chain.encoding import EMPTY_HASH
from ledger_node.chain.inspection import AccountState, Prestate, TraceConfig
from ledger_node.chain.pyevm.execution import Outcome
from ledger_node.chain.pyevm.forks import Fork
from ledger_node.chain.pyevm.recording import RecordingWorld
from ledger_node.chain.pyevm.tracers.watching import Tracer
from ledger_node.chain.pyevm.world import NEW_ACCOUNT, Account


class PrestateTracer(Tracer):
    def __init__(self, config: TraceConfig, fork: Fork, world: RecordingWorld) -> None:
        super().__init__(config, fork)
        self._world = world
        world.start_recording()

    def trace(self, outcome: Outcome, transaction: Transaction) -> Prestate:
        world = self._world
        accounts, slots = dict(world.accounts_seen), {a: dict(s) for a, s in world.slots_seen.items()}
        if not self.config.with_storage:
            slots = {}
        pre = {address: self._state(account, slots.get(address, {})) for address, account in accounts.items()}
        if not self.config.diff_mode:
            return Prestate(pre)
        changed_pre: dict[Address, AccountState] = {}
        post: dict[Address, AccountState] = {}
        for address, before in accounts.items():
            after = world.account(address)
            moved = {
                slot: (value, world.get_storage(address, slot))
                for slot, value in slots.get(address, {}).items()
                if value != world.get_storage(address, slot)
            }
            if before == after and not moved:
                continue
            if before is not None:
                changed_pre[address] = self._state(before, {slot: old for slot, (old, _) in moved.items() if old})
            if after is not None:
                new_slots = {slot: new for slot, (_, new) in moved.items() if new}
                post[address] = self._difference(before or NEW_ACCOUNT, after, new_slots)
        return Prestate(changed_pre, post)

    def _state(self, account: Account | None, slots: dict[int, int]) -> AccountState:
        nonce, balance, _, code_hash = account or NEW_ACCOUNT
        code = self._code(code_hash)
        return AccountState(
            balance=balance,
            nonce=nonce or None,
            code=code or None,
            code_hash=code_hash if code_hash != EMPTY_HASH else None,
            storage=slots,
        )

    def _difference(self, before: Account, after: Account, slots: dict[int, int]) -> AccountState:
        return AccountState(
            balance=after[1] if after[1] != before[1] else None,
            nonce=after[0] if after[0] != before[0] else None,
            code=self._code(after[3]) if after[3] != before[3] else None,
            code_hash=after[3] if after[3] != before[3] else None,
            storage=slots,
        )

    def _code(self, code_hash: bytes) -> bytes | None:
        if not self.config.with_code or code_hash == EMPTY_HASH:
            return None
        return self._world.code_of_hash(code_hash)
