"""A world that remembers what was looked at, for prestate traces and access lists. It asks no question itself."""

from typing import Any

from ledger_node.chain.blocks import Address
from ledger_node.chain.pyevm.world import Account, World


class RecordingWorld(World):
    """Remembers what every account and slot was when it was first looked at, and what was touched in whatever frame."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.touched: set[Any] = set()
        """Addresses, and (address, slot); those of frames that reverted too."""
        self.start_recording()

    def mark_address_warm(self, address: Any) -> None:
        self.touched.add(address)
        super().mark_address_warm(address)

    def mark_storage_warm(self, address: Any, slot: int) -> None:
        self.touched.add((address, slot))
        super().mark_storage_warm(address, slot)

    def start_recording(self) -> None:
        self.accounts_seen: dict[Address, Account | None] = {}
        self.slots_seen: dict[Address, dict[int, int]] = {}

    def account(self, address: Address) -> Account | None:
        account = super().account(address)
        self.accounts_seen.setdefault(address, account)
        return account

    def get_storage(self, address: Any, slot: int, from_journal: bool = True) -> int:
        value = super().get_storage(address, slot, from_journal)
        if from_journal:
            self.slots_seen.setdefault(address, {}).setdefault(slot, value)
        return value
