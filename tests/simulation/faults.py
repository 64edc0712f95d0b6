"""What breaks: power and disk at the durable writes of both stores, and the line to the chain."""

from typing import Any, Literal

from ledger_node.chain.errors import ChainUnavailable
from ledger_node.errors import StorageFailed
from tests.crash.power import PowerFailed


class Faults:
    """A hook around every durable write of both stores: the power fails or the disk is full at a chosen one."""

    def __init__(self) -> None:
        self.power_in: int | None = None
        self.disk_full: Literal["ledger", "chain"] | None = None
        self.dark = False

    def __call__(self, store: str, moment: str) -> None:
        if self.dark:
            raise PowerFailed
        if self.power_in is not None:
            self.power_in -= 1
            if self.power_in < 0:
                self.dark = True
                raise PowerFailed
        if moment == "before" and self.disk_full == store:
            self.disk_full = None
            raise StorageFailed("database or disk is full")


class Line:
    """What becomes of a transaction on its way to the chain: sent, lost, sent twice, or nobody answers at all."""

    def __init__(self, chain: Any) -> None:
        self._chain = chain
        self.weather = "fair"

    def __getattr__(self, name: str) -> Any:
        if self.weather == "cut" and name != "on_new_head":
            raise ChainUnavailable("The line is cut.")
        return getattr(self._chain, name)

    def send_raw_transaction(self, raw: bytes) -> bytes:
        if self.weather == "cut":
            raise ChainUnavailable("The line is cut.")
        if self.weather == "lossy":
            raise ChainUnavailable("No answer came.")
        if self.weather == "double":
            self._chain.send_raw_transaction(raw)
        sent: bytes = self._chain.send_raw_transaction(raw)
        if self.weather == "deaf":
            raise ChainUnavailable("The answer was lost.")
        return sent
