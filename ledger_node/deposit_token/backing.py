"""Whether every deposit token on a chain is backed, block by block, from the chain alone.

A deposit token is a contract whose code is that of a release's artifact apart from its immutables, whoever deployed it.
Such code lets no supply exist before a reserve was attested: a token is found by its first `ReserveAttested` log. One
that the genesis put there, with whatever in its storage, is known from the start.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.blocks import Address, Header, LogFilter
from ledger_node.data_directory import write_private
from ledger_node.deposit_token.artifact import deposit_token, is_deposit_token
from ledger_node.deposit_token.reads import totals
from ledger_node.errors import StorageFailed
from ledger_node.json_files import read_json

REMEMBERED_EVERY = 500


class TokenBacking:
    """Looks at one block after another. With a `memory` file, goes on from there after a restart."""

    def __init__(
        self,
        chain: ChainBackend,
        memory: Path | None = None,
        *,
        predeployed: Iterable[tuple[Address, bytes]] = (),
    ) -> None:
        """`predeployed`: address and code of the genesis's contracts."""
        self._chain = chain
        self._memory = memory
        self.checked = 0
        self.tokens = {address for address, code in predeployed if is_deposit_token(code)}
        if memory is not None and memory.exists():
            checked, tokens = _remembered(memory)
            self.checked = min(checked, chain.head().number)
            self.tokens |= tokens

    def shortfall(self, header: Header) -> str | None:
        """Of the next block: None when supply is within the attested reserve of every token, else which is not."""
        found = self._found_in(header)
        self.tokens |= found
        for token in sorted(self.tokens):
            now = totals(self._chain, token, header.number)
            if now.supply > now.attested_reserve:
                return (
                    f"Token 0x{token.hex()} has a supply of {now.supply} after block {header.number}, "
                    f"above the reserve of {now.attested_reserve} last attested."
                )
        self.checked = header.number
        if found or header.number % REMEMBERED_EVERY == 0:
            self.remember()
        return None

    def _found_in(self, header: Header) -> set[Address]:
        attested = (deposit_token().topics["ReserveAttested"],)
        logs = self._chain.logs(LogFilter(first=header.number, last=header.number, topics=(attested,)))
        unknown = {log.address for log in logs} - self.tokens
        return {address for address in unknown if is_deposit_token(self._chain.code(address, header.number))}

    def remember(self) -> None:
        """Write down how far it has looked. What was looked at since would be looked at again."""
        if self._memory is not None:
            document = {"checked": self.checked, "tokens": sorted(token.hex() for token in self.tokens)}
            write_private(self._memory, json.dumps(document) + "\n")


def _remembered(memory: Path) -> tuple[int, set[Address]]:
    """How far it has looked, and the tokens found. Raises StorageFailed for a file that is not what was written."""
    try:
        document: Any = read_json(memory)
        return int(document["checked"]), {bytes.fromhex(token) for token in document["tokens"]}
    except (ValueError, LookupError, TypeError):
        raise StorageFailed(f"{memory} cannot be read; remove it, and every block is looked at again.") from None
