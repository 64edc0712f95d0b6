"""What others say of this chain, kept beside it: attestations of its blocks, and second blocks at a height.

A SQLite file of its own (DIRECTORY/witnesses.sqlite), so that nothing here waits for a block's commit, and no block for
it. Each write is one durable transaction. Judges signatures and the quorum; what a valid seal is, the engine says.
"""

import sqlite3
import threading
from pathlib import Path

from ledger_node.chain.attestations import BlockAttestation, Network, attested_by
from ledger_node.chain.blocks import Address, Hash32, Header
from ledger_node.chain.errors import InvalidAttestation
from ledger_node.chain.wire import BadSignature

_SCHEMA = """
CREATE TABLE IF NOT EXISTS attestations (
    attestor BLOB NOT NULL, number INTEGER NOT NULL, block_hash BLOB NOT NULL, signature BLOB NOT NULL,
    PRIMARY KEY (attestor, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS equivocations (
    hash BLOB PRIMARY KEY, number INTEGER NOT NULL, header BLOB NOT NULL
) WITHOUT ROWID;
"""


class Witnesses:
    """May be used from any thread. With no attestors, every block is final as soon as it is here."""

    def __init__(self, directory: Path, network: Network, *, attestors: tuple[Address, ...], quorum: int) -> None:
        self.network = network
        self.attestors = attestors
        self.quorum = quorum
        self._guard = threading.Lock()
        self._path = directory / "witnesses.sqlite"
        self._db: sqlite3.Connection | None = None
        self._highest: dict[Address, int] = {}
        if self._path.exists():
            with self._guard:
                rows = self._open().execute("SELECT attestor, max(number) FROM attestations GROUP BY attestor")
                self._highest = {address: number for address, number in rows if address in attestors}

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            self._db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_SCHEMA)
        return self._db

    def close(self) -> None:
        with self._guard:
            if self._db is not None:
                self._db.close()
                self._db = None

    # ATTESTATIONS

    def finalized(self, head: int) -> int:
        """The highest block that is final."""
        return min(head, attested_by(self.quorum, tuple(self._highest.values()))) if self.attestors else head

    @property
    def highest(self) -> int:
        """The highest block that anybody attested."""
        return max(self._highest.values(), default=0)

    def attestor_of(self, attestation: BlockAttestation) -> Address:
        """Raises InvalidAttestation unless one of the network's attestors signed it."""
        try:
            attestor = self.network.attestor(attestation)
        except BadSignature as error:
            raise InvalidAttestation(f"The attestation's signature is not valid: {error}.") from None
        if attestor not in self.attestors:
            raise InvalidAttestation(f"0x{attestor.hex()} is none of the attestors that the genesis names.")
        return attestor

    def keep(self, attestor: Address, attestation: BlockAttestation) -> None:
        with self._guard:
            self._open().execute(
                "INSERT OR IGNORE INTO attestations VALUES (?, ?, ?, ?)",
                (attestor, attestation.number, attestation.block_hash, attestation.signature),
            )
            self._highest[attestor] = max(self._highest.get(attestor, 0), attestation.number)

    def covering(self, number: int) -> tuple[tuple[Address, BlockAttestation], ...]:
        """Each attestor's first attestation of this block or one built on it, in the order of their addresses."""
        if not self._highest:
            return ()
        with self._guard:
            rows = [
                (attestor, *row)
                for attestor in sorted(self._highest)
                for row in self._open().execute(
                    "SELECT number, block_hash, signature FROM attestations "
                    "WHERE attestor = ? AND number >= ? ORDER BY number LIMIT 1",
                    (attestor, number),
                )
            ]
        return tuple((attestor, BlockAttestation(*attested)) for attestor, *attested in rows)

    def newest(self) -> tuple[tuple[int, Hash32], ...]:
        """Number and hash of each attestor's highest attestation."""
        found = [(attestor, self.covering(number)) for attestor, number in self._highest.items()]
        return tuple(
            (one.number, one.block_hash)
            for attestor, attestations in found
            for address, one in attestations
            if address == attestor
        )

    # EQUIVOCATION

    def keep_second(self, header: Header, raw: bytes) -> None:
        """A header validly sealed for a height at which this chain has another block, or lost its own."""
        with self._guard:
            self._open().execute(
                "INSERT OR IGNORE INTO equivocations VALUES (?, ?, ?)", (header.hash, header.number, raw)
            )

    def seconds(self) -> tuple[bytes, ...]:
        """The encoded headers kept by `keep_second`, lowest first."""
        if self._db is None:
            return ()
        with self._guard:
            rows = self._open().execute("SELECT header FROM equivocations ORDER BY number, hash").fetchall()
        return tuple(raw for (raw,) in rows)
