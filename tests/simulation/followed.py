"""A follower in the simulated world: it hears of blocks late, executes each again, and gives its word on them back."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from random import Random

from ledger_node.chain.attestations import BlockAttestation
from ledger_node.chain.blocks import Hash32, Header
from ledger_node.chain.errors import ChainUnavailable
from ledger_node.chain.pyevm.engine import ChainSettings, PyEvmChain, open_chain
from ledger_node.chain.wire import decode_block
from ledger_node.clock import HandSetClock
from ledger_node.deposit_token.backing import TokenBacking
from ledger_node.follower.follower import Follower, _Halted
from ledger_node.follower.source import Blocks, Source
from tests.settlement.issuer import key, network

WITNESS = key("the follower's")
"""The one attestor of the simulated network: a block is final when this key has signed it."""
CLOCK_MS = 1_800_000_000_000
"""Later than any of the hours that the sealer's clock jumps ahead: a block from the future is refused."""
NETWORK = network(attestors=(WITNESS.address,))


class Behind(Source):
    """The line to the sealer: of its blocks only so many have been heard of yet."""

    def __init__(self, sealer: Callable[[], PyEvmChain], heard: int) -> None:
        self.url = "the sealer"
        self.heard = heard
        self.cut = False
        self._sealer = sealer

    @property
    def _chain(self) -> PyEvmChain:
        if self.cut:
            raise ChainUnavailable("The line is cut.")
        return self._sealer()

    def close(self) -> None:
        pass

    def genesis(self) -> tuple[Hash32, str]:
        return self._chain.header(0).hash, ""

    def blocks(self, first: int, count: int, *, wait_ms: int = 0) -> Blocks:
        chain = self._chain
        numbers = range(first, min(self.heard, first + count - 1) + 1)
        return Blocks(self.heard, chain.header(self.heard).hash, tuple(chain.raw_block(number) for number in numbers))

    def block(self, number: int) -> tuple[Header, bytes]:
        raw = self._chain.raw_block(number)
        return decode_block(raw).header, raw

    def attest(self, attestation: BlockAttestation) -> None:
        self._chain.attest(attestation)

    def attestations(self, number: int) -> tuple[BlockAttestation, ...]:
        return tuple(one for _, one in self._chain.attestations(number))

    def report_second(self, raw_header: bytes) -> bool:
        return self._chain.report_second(raw_header)


class Followed:
    """A follower whose directory is `directory`. It says what broke, if something did."""

    def __init__(
        self, directory: Path, sealer: Callable[[], PyEvmChain], random: Random, note: Callable[..., None]
    ) -> None:
        self._directory = directory
        self._sealer = sealer
        self._random = random
        self._note = note
        self._open()

    def _open(self) -> None:
        clock = HandSetClock(CLOCK_MS)
        self.chain = open_chain(self._directory / "chain", NETWORK, clock=clock, settings=ChainSettings(produce=False))
        self._source = Behind(self._sealer, self.chain.head().number)
        self._follower = Follower(
            self.chain, self._source, evidence=self._directory / "evidence", clock=clock, attestor=WITNESS,
            backing=TokenBacking(self.chain, self._directory / "backing.json"),
        )  # fmt: skip

    def close(self) -> None:
        self.chain.close()

    def now_and_then(self) -> str | None:
        """Sometimes it hears of some blocks, sometimes it is started again."""
        if self._random.random() < 0.05:
            self.close()
            self._open()
            self._note("the follower starts again")
        if self._random.random() < 0.4:
            number = self._sealer().head().number - self._random.randrange(4)
            return self.hear_up_to(number, cut=self._random.random() < 0.1)
        return None

    def hear_up_to(self, number: int, *, cut: bool = False) -> str | None:
        """Take what it has heard of by now."""
        self._source.heard, self._source.cut = max(self._source.heard, number), cut
        try:
            with contextlib.suppress(ChainUnavailable):
                while self.chain.head().number < self._source.heard:
                    self._follower.step()
                self._follower.step()
        except _Halted as halted:
            difference = halted.difference
            return f"I25: the follower halts: {difference.field} of block {difference.number} differs: {halted}"
        self._note("the follower is at", self.chain.head().number)
        return None

    def at_the_end(self) -> str | None:
        """It has executed the whole history by itself, has the same head, and its word has made that final."""
        head = self._sealer().head()
        if finding := self.hear_up_to(head.number):
            return finding
        if self.chain.head() != head:
            return f"I25: the follower has another head than block {head.number}"
        if self._sealer().header("finalized") != head:
            return f"I34: block {head.number} was attested and is not final"
        return None
