"""A node that trusts nobody: it pulls blocks, executes every transaction again, compares, and signs what it found.

One thread. On the first difference it keeps the evidence and takes no further block; what it has it goes on serving.
Whether tokens are backed is asked of `shortfall`, which the composition root knows how to answer.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn, Protocol

from ledger_node.chain.attestations import BlockAttestation, Network
from ledger_node.chain.backend import LocalChain
from ledger_node.chain.blocks import Header
from ledger_node.chain.encoding import NotCanonical
from ledger_node.chain.errors import ChainUnavailable, GenesisMismatch, InvalidAttestation, InvalidBlock, SourceRefused
from ledger_node.chain.wire import decode_block, encode_header
from ledger_node.clock import Clock, iso8601
from ledger_node.follower.evidence import Difference, keep
from ledger_node.follower.source import Source
from ledger_node.keys import Signer

log = logging.getLogger(__name__)

Phase = Literal["starting", "catching_up", "following", "sealing", "source_away", "source_behind", "halted", "stopped"]
BLOCKS_AT_ONCE = 256
WAIT_MS = 1_000
RETRY_S = 0.5


class Chain(LocalChain, Protocol):
    """What a followed chain is asked beyond the door."""

    @property
    def may_seal(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Status:
    phase: Phase
    head: int
    source_head: int | None = None
    reason: str | None = None
    difference: Difference | None = None

    @property
    def ready(self) -> bool:
        return self.phase in ("following", "sealing")

    @property
    def stands_still(self) -> bool:
        """Whether it takes no further block until it is started again."""
        return self.phase in ("halted", "stopped")


class Backing(Protocol):
    """Whether every token is backed, block by block; remembers how far it has looked."""

    @property
    def checked(self) -> int:
        """The newest block that was looked at."""

    def shortfall(self, header: Header) -> str | None:
        """Of the next block: None when supply is within the attested reserve of every token, else which is not."""


class _Halted(Exception):
    def __init__(self, difference: Difference) -> None:
        super().__init__(difference.detail)
        self.difference = difference


class Follower:
    """`start`, then `stop`. `attestor` signs what was executed, if the genesis names it."""

    def __init__(
        self,
        chain: Chain,
        source: Source,
        *,
        evidence: Path,
        backing: Backing,
        clock: Clock,
        attestor: Signer | None = None,
        on_halt: Callable[[Difference], None] = lambda _: None,
        on_fault: Callable[[BaseException], None] = lambda _: None,
    ) -> None:
        self._chain = chain
        self._source = source
        self._evidence = evidence
        self._backing = backing
        self._clock = clock
        self._attestor = attestor
        self._on_halt = on_halt
        self._on_fault = on_fault
        self._network = Network(chain.chain_id, chain.header(0).hash)
        self._attested = -1
        self._passed_on: set[bytes] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        self.status = Status("starting", chain.head().number)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._source.close()

    # THE LOOP

    def _run(self) -> None:
        try:
            self._check_backing()
            compared = False
            while not self._stopping.is_set():
                try:
                    if not compared:
                        self._compare_genesis()
                        compared = True
                    self.step()
                except (ChainUnavailable, SourceRefused) as away:
                    # Who seals needs nobody; it may well be the one who sealed before that is gone.
                    self._say("sealing" if self._chain.may_seal else "source_away", reason=away.detail)
                    self._stopping.wait(RETRY_S)
        except _Halted as halted:
            self._halt(halted.difference)
        except BaseException as fault:  # the outermost loop of this thread
            log.critical("the follower stopped: %s", fault, exc_info=fault)
            self._say("stopped", reason=str(fault))
            self._on_fault(fault)

    def step(self) -> None:
        """Take what the source has beyond this chain, waiting a moment for it; then say what was found."""
        head = self._chain.head()
        answer = self._source.blocks(head.number + 1, BLOCKS_AT_ONCE, wait_ms=WAIT_MS)
        if answer.head_number == head.number and answer.head_hash != head.hash:
            self._find_fork(head.number)
        for raw in answer.raw:
            if self._stopping.is_set():
                return
            self._take(raw)
        head = self._chain.head()
        if self._chain.may_seal:
            self._say("sealing", source_head=answer.head_number)
        elif answer.head_number < head.number:
            self._tell_what_it_lacks(answer.head_number)
            return
        else:
            done = head.number >= answer.head_number
            self._say("following" if done else "catching_up", source_head=answer.head_number)
            self._pass_on()
        self._exchange_attestations(head)

    def _say(self, phase: Phase, *, source_head: int | None = None, reason: str | None = None) -> None:
        if phase != self.status.phase:
            log.info("%s", phase, extra={"source": self._source.url, "reason": reason})
        self.status = Status(phase, self._chain.head().number, source_head or self.status.source_head, reason)

    def _compare_genesis(self) -> None:
        theirs, _ = self._source.genesis()
        if theirs != self._network.genesis_hash:
            raise GenesisMismatch(
                f"{self._source.url} is a node of another network: its genesis is 0x{theirs.hex()}, "
                f"here it is 0x{self._network.genesis_hash.hex()}."
            )

    # BLOCKS

    def _take(self, raw: bytes) -> None:
        head = self._chain.head()
        try:
            header = decode_block(raw).header
        except NotCanonical as error:
            self._differ(head.number + 1, "encoding", f"The block cannot be decoded: {error}.", raw)
        if header.number == head.number + 1 and header.parent_hash != head.hash:
            self._find_fork(head.number, beyond=raw)
        try:
            self._chain.import_block(raw)
        except InvalidBlock as invalid:
            self._differ(head.number + 1, invalid.field, invalid.detail, raw, header=header, own=invalid.executed)
        self._check_backing()

    def _check_backing(self) -> None:
        for number in range(self._backing.checked + 1, self._chain.head().number + 1):
            header = self._chain.header(number)
            shortfall = self._backing.shortfall(header)
            if shortfall is not None:
                self._differ(number, "backing", shortfall, self._chain.raw_block(number), header=header, own=header)

    def _differ(
        self,
        number: int,
        field: str,
        detail: str,
        raw: bytes,
        *,
        header: Header | None = None,
        own: Header | None = None,
        own_block: bytes | None = None,
    ) -> NoReturn:
        block_hash = None if header is None else header.hash
        raise _Halted(Difference(number, field, detail, self._source.url, raw, block_hash, header, own, own_block))

    def _halt(self, difference: Difference) -> None:
        place = keep(self._evidence, difference, found_at=iso8601(self._clock.now_ms()))
        log.critical(
            "halted at block %d: %s differs. %s Evidence: %s",
            difference.number, difference.field, difference.detail, place,
        )  # fmt: skip
        self.status = Status(
            "halted", self._chain.head().number, self.status.source_head, difference.detail, difference
        )
        self._on_halt(difference)

    # FORKS: the source has another block where this chain has one

    def _find_fork(self, last: int, *, beyond: bytes | None = None) -> NoReturn:
        """Halts with the lowest block that differs. `beyond` is the source's block after `last`."""
        same, other = 0, last
        if beyond is not None and self._is_ours(last):
            # The source contradicts itself: its next block does not follow the one it says is there.
            header = decode_block(beyond).header
            own = self._chain.head()
            detail = (
                f"Block {header.number} names parent 0x{header.parent_hash.hex()}, block {last} is 0x{own.hash.hex()}."
            )
            self._differ(header.number, "parent_hash", detail, beyond, header=header, own=own)
        while other - same > 1:
            middle = (same + other) // 2
            if self._is_ours(middle):
                same = middle
            else:
                other = middle
        header, raw = self._source.block(other)
        own = self._chain.header(other)
        if header.hash == own.hash:
            raise SourceRefused(f"{self._source.url} contradicts itself about block {other}.")
        try:
            equivocation = self._chain.report_second(encode_header(header))
            field = "equivocation" if equivocation else "hash"
            detail = f"Block {other} is 0x{header.hash.hex()} at the source and 0x{own.hash.hex()} here."
            if equivocation:
                detail += " Both bear a valid seal of the sealer of this height."
                self._source.report_second(self._chain.raw_header(other))
        except InvalidBlock as invalid:
            field, detail = invalid.field, invalid.detail
        self._differ(other, field, detail, raw, header=header, own=own, own_block=self._chain.raw_block(other))

    def _is_ours(self, number: int) -> bool:
        header, _ = self._source.block(number)
        return header.hash == self._chain.header(number).hash

    def _tell_what_it_lacks(self, source_head: int) -> None:
        """The source lost blocks (restored from an older copy?): show it the seal on the first one."""
        if not self._is_ours(source_head):
            self._find_fork(source_head)
        if self.status.phase != "source_behind":
            self._source.report_second(self._chain.raw_header(source_head + 1))
        here = self._chain.head().number
        self._say(
            "source_behind", source_head=source_head, reason=f"The source has no block {source_head + 1}..{here}."
        )
        self._stopping.wait(RETRY_S)

    # WORDS GIVEN AND TAKEN

    def _exchange_attestations(self, head: Header) -> None:
        if head.number > self._attested and head.number > 0:
            if self._attestor is not None:
                attestation = self._network.attest(self._attestor, head.number, head.hash)
                self._learn(attestation)
                self._source.attest(attestation)
            self._attested = head.number
        final = self._chain.header("finalized").number
        if final < head.number:
            for number in (head.number, final + 1):
                for attestation in self._source.attestations(number):
                    self._learn(attestation)

    def _learn(self, attestation: BlockAttestation) -> None:
        try:
            self._chain.attest(attestation)
        except InvalidAttestation as refused:
            log.debug("attestation not kept: %s", refused.detail)

    def _pass_on(self) -> None:
        """Transactions that wait here, where no block is made, go to where blocks are made."""
        waiting = {transaction.hash: transaction.raw for transaction in self._chain.pending_transactions()}
        for transaction_hash, raw in waiting.items():
            if transaction_hash not in self._passed_on:
                try:
                    self._source.send(raw)
                except SourceRefused as refused:
                    log.info("0x%s was not taken by the source: %s", transaction_hash.hex(), refused.detail)
        self._passed_on = set(waiting)
