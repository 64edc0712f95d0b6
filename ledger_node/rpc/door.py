"""What a method has at hand: the chain, the settings, the filters, and on a WebSocket its connection."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from ledger_node.chain.backend import DevChain, LocalChain
from ledger_node.rpc.errors import SERVER_ERROR, RpcError
from ledger_node.rpc.settings import RpcLimits, RpcSettings
from ledger_node.rpc.signing import DevAccounts

if TYPE_CHECKING:
    from ledger_node.rpc.filters import Filters
    from ledger_node.rpc.session import Turn


@dataclass(frozen=True, slots=True)
class Door:
    chain: LocalChain
    settings: RpcSettings
    filters: "Filters"
    accounts: DevAccounts
    turn: "Turn | None" = None

    @property
    def limits(self) -> RpcLimits:
        return self.settings.limits

    @property
    def dev(self) -> DevChain:
        """Only methods of the dev profile ask for it; the node gives this profile to a DevChain alone."""
        assert self.settings.profile == "dev"
        return cast(DevChain, self.chain)

    @property
    def connection(self) -> "Turn":
        if self.turn is None:
            raise RpcError(SERVER_ERROR, "notifications not supported: connect over WebSocket (ws://) to subscribe")
        return self.turn
