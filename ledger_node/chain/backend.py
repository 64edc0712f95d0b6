"""ChainBackend: the door every engine implements. The gateway and its rooms see a chain only through it."""

from collections.abc import Callable, Sequence
from typing import Protocol

from ledger_node.chain.blocks import Address, Block, BlockRef, Call, Hash32, Header, Log, LogFilter, Receipt, Transaction


class ChainBackend(Protocol):
    """An Ethereum network as the money rooms need it. Every method may be called from any thread.

    Every method may raise ChainUnavailable. Reads of a block that does not exist raise BlockNotFound.
    """

    @property
    def chain_id(self) -> int: ...

    def head(self) -> Header:
        """The newest block whose content can no longer change (for the embedded engine: the newest block)."""

    def header(self, at: BlockRef) -> Header: ...

    def block(self, at: BlockRef) -> Block: ...

    def receipts(self, at: BlockRef) -> tuple[Receipt, ...]:
        """One per transaction of the block, in order."""

    def transaction(self, transaction_hash: Hash32) -> Transaction | None:
        """A mined or pending transaction, or None if this chain does not know it."""

    def receipt(self, transaction_hash: Hash32) -> Receipt | None:
        """None while it is not mined."""

    def logs(self, query: LogFilter) -> Sequence[Log]: ...

    def nonce(self, address: Address, at: BlockRef = "latest") -> int: ...

    def balance(self, address: Address, at: BlockRef = "latest") -> int: ...

    def code(self, address: Address, at: BlockRef = "latest") -> bytes: ...

    def storage(self, address: Address, slot: int, at: BlockRef = "latest") -> int: ...

    def call(self, call: Call, at: BlockRef = "latest") -> bytes:
        """Execute without changing anything. Raises Reverted (with data) or CallFailed."""

    def estimate_gas(self, call: Call, at: BlockRef = "latest") -> int:
        """Gas that lets the call succeed. Raises Reverted or CallFailed when no amount does."""

    def send_raw_transaction(self, raw: bytes) -> Hash32:
        """Hand in a signed transaction. One that is known already (pending or mined) is answered with its hash.

        Raises InvalidTransaction (see chain/errors.py) when it cannot take effect.
        """

    def on_new_head(self, listener: Callable[[Header], None]) -> Callable[[], None]:
        """Call `listener` with every new head, in order, on a thread of the engine; returns how to unsubscribe.

        Listeners must be quick (put it in a queue). An engine may skip heads; a listener reads what lies between.
        """

    def close(self) -> None: ...
