"""The deep audit: every row the journal stands for is read again, and the first that is not as it was written is named.

It walks the journal from its first entry. Operations and postings must come in the order of their own numbers, so a
row that was altered, deleted, slipped in or moved shows where it stands. The newest head that the chain has of each
token's attestations must be the journal's, so that rewriting rows and journal together shows too. Each attestation
must be signed by who was the attestor then. Reads only.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ledger_node import journal
from ledger_node.access import audit_log
from ledger_node.access.tables import audit_log as audit_lines
from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.blocks import LogFilter
from ledger_node.database import Database, Row
from ledger_node.deposit_token.artifact import deposit_token
from ledger_node.deposit_token.events import ReserveAttested, decode
from ledger_node.errors import ProofInvalid
from ledger_node.journal import TAG_BYTES, Entry
from ledger_node.proofs.document import check_signature
from ledger_node.reserve import ledger
from ledger_node.reserve.tables import postings
from ledger_node.settlement import journaling, tables
from ledger_node.settlement.assurance.attestations import booked, signed
from ledger_node.settlement.attestation_tables import attestations
from ledger_node.settlement.model import FINAL
from ledger_node.settlement.netting import payments_tree
from ledger_node.settlement.onchain import liabilities

CHUNK = 500

AFTER: dict[str, frozenset[str]] = {
    "accepted": frozenset({"accepted"}),
    "pending_approval": frozenset({"pending_approval"}),
    "scheduled": frozenset({"scheduled"}),
    "queued": frozenset({"queued"}),
    "processing": frozenset({"processing"}),
    "settled": frozenset({"settled", "returned"}),
    "rejected": frozenset({"rejected"}),
    "canceled": frozenset({"canceled"}),
    "returned": frozenset({"returned"}),
}
"""What an operation may say now when this was its last status in the journal; a return is noted on what it returns."""


@dataclass(frozen=True, slots=True)
class Altered:
    """A row that is not as it was written: what it is, and since which entry of the journal it should be otherwise."""

    what: str
    reference: str
    sequence: int
    detail: str


@dataclass(frozen=True, slots=True)
class DeepReport:
    entries: int
    rows: int
    head: bytes
    altered: Altered | None
    blocks: int | None = None
    """How many stored blocks were compared with their headers; None when the chain is another client's to check."""

    @property
    def passed(self) -> bool:
        return self.altered is None


class _Found(Exception):
    def __init__(self, altered: Altered) -> None:
        super().__init__(altered.detail)
        self.altered = altered


def deep_audit(
    database: Database, chain: ChainBackend | None, *, on_progress: Callable[[int, int], None] = lambda _done, _of: None
) -> DeepReport:
    """Read everything again. `on_progress` is told the entries done, and of how many. Raises ChainUnavailable."""
    walk = _Walk()
    with database.read() as connection:
        try:
            walk.all(connection, on_progress)
            if chain is not None:
                _heads_on_chain(connection, chain)
                _signed_by_their_attestors(connection, chain.chain_id, walk.entries)
        except _Found as found:
            return DeepReport(walk.entries, walk.rows, walk.head, found.altered)
    return DeepReport(walk.entries, walk.rows, walk.head, None)


class _Walk:
    def __init__(self) -> None:
        self.entries = 0
        self.rows = 0
        self.head = bytes(32)
        self._open: dict[str, str] = {}
        """The last status written down of each operation that has not ended."""
        self._seen: dict[str, set[str]] = {"batch": set(), "admin": set()}

    def all(self, connection: sa.Connection, on_progress: Callable[[int, int], None]) -> None:
        streams = {"operation": _operations(connection), "posting": _postings(connection)}
        last = journal.head(connection).sequence
        for entry in journal.entries(connection, limit=CHUNK):
            self._link(entry)
            if entry.kind in streams:
                _in_order(connection, entry, streams[entry.kind])
            else:
                _by_reference(connection, entry)
            self._follow(connection, entry)
            self.entries, self.rows = entry.sequence, self.rows + len(entry.references)
            if entry.sequence % CHUNK == 0 or entry.sequence == last:
                on_progress(entry.sequence, last)
        for kind, stream in streams.items():
            if (extra := next(stream, None)) is not None:
                raise _Found(_slipped_in(kind, extra[0], self.entries))
        self._nothing_beside(connection)
        if (altered := payments_tree.first_altered(connection)) is not None:
            raise _Found(_changed("net batch", altered, self.entries, "its payments are not those that it was made of"))
        _claims_as_attested(connection, self.entries)
        if (broken := audit_log.first_broken(connection)) is not None:
            raise _Found(_changed("audit log line", str(broken), self.entries, "it is not what its hash covers"))

    def _link(self, entry: Entry) -> None:
        """The entry follows the one before, and says what its hash covers."""
        count = len(entry.references)
        expected = journal.link(
            self.head, sequence=self.entries + 1, kind=entry.kind, created_at=entry.created_at, count=count,
            digest=entry.digest,
        )  # fmt: skip
        if entry.sequence != self.entries + 1 or entry.hash != expected or len(entry.tags) != TAG_BYTES * count:
            detail = f"Entry {self.entries + 1} of the journal itself was altered, deleted or slipped in."
            raise _Found(Altered("journal", str(self.entries + 1), self.entries + 1, detail))
        self.head = entry.hash

    def _follow(self, connection: sa.Connection, entry: Entry) -> None:
        if entry.kind in self._seen:
            self._seen[entry.kind].update(entry.references)
        if entry.kind == "operation":
            self._open.update(dict.fromkeys(entry.references, "accepted"))
        status = entry.kind.removeprefix("status.")
        if status == entry.kind:
            return
        if status not in FINAL:
            self._open.update(dict.fromkeys(entry.references, status))
            return
        for reference in entry.references:
            self._open.pop(reference, None)
        _statuses_are(connection, dict.fromkeys(entry.references, status), entry.sequence)

    def _nothing_beside(self, connection: sa.Connection) -> None:
        """What has not ended is as it was left, and no row stands in a table without standing in the journal."""
        for some in _chunks(sorted(self._open)):
            _statuses_are(connection, {id_: self._open[id_] for id_ in some}, self.entries)
        operations = tables.operations
        open_ = sa.select(operations.c.id).where(operations.c.status.not_in(FINAL))
        for id_ in connection.execute(open_.order_by(operations.c.number)).scalars():
            if id_ not in self._open:
                raise _Found(_changed("operation", id_, self.entries, "it had ended, and is open again"))
        for id_ in connection.execute(_CONTRADICTED).scalars():
            raise _Found(_changed("batch", id_, self.entries, "its operations settled otherwise"))
        for kind, column in (("batch", tables.batches.c.id), ("admin", audit_lines.c.id)):
            for id_ in connection.execute(sa.select(column).order_by(column)).scalars():
                if id_ not in self._seen[kind]:
                    raise _Found(_slipped_in(kind, id_, self.entries))


_CONTRADICTED = (
    sa.select(tables.batches.c.id)
    .join_from(tables.batches, tables.operations, tables.operations.c.batch_id == tables.batches.c.id)
    .where(tables.operations.c.status.in_(["settled", "returned"]))
    .where(
        sa.or_(
            tables.batches.c.status != "booked",
            tables.batches.c.block_number.is_distinct_from(tables.operations.c.block_number),
        )
    )
    .order_by(tables.batches.c.id)
    .limit(1)
)
"""A batch that does not say of itself what the journal says of an operation in it."""


# ROWS AGAINST AN ENTRY

_Line = tuple[str, bytes]
"""A row's reference, and its line as the journal writes it."""


def _in_order(connection: sa.Connection, entry: Entry, stream: Iterator[_Line]) -> None:
    """The next rows of the table are those of the entry."""
    lines = []
    for index, reference in enumerate(entry.references):
        there = next(stream, None)
        if there is None or there[0] != reference:
            if not _exists(connection, entry.kind, reference):
                raise _Found(_deleted(entry, reference))
            if there is not None and not _in_journal(connection, entry.kind, there[0]):
                raise _Found(_slipped_in(entry.kind, there[0], entry.sequence))
            raise _Found(_changed(entry.kind, reference, entry.sequence, "it is not in its place in the order of rows"))
        _check_tag(entry, index, there[1])
        lines.append(there[1])
    _check_digest(entry, lines)


def _by_reference(connection: sa.Connection, entry: Entry) -> None:
    """The rows that the entry names still say what they said."""
    table, column, names = _covered(entry.kind)
    found: dict[str, bytes] = {}
    for some in _chunks(entry.references):
        query = sa.select(column, *[table.c[name] for name in names]).where(column.in_(some))
        found.update((row[0], journal.line(row[0], row[1:])) for row in connection.execute(query))
    for index, reference in enumerate(entry.references):
        if reference not in found:
            raise _Found(_deleted(entry, reference))
        _check_tag(entry, index, found[reference])
    _check_digest(entry, [found[reference] for reference in entry.references])


def _covered(kind: str) -> tuple[sa.Table, sa.Column[Any], tuple[str, ...]]:
    if kind == "batch":
        return tables.batches, tables.batches.c.id, journaling.BATCH
    if kind == "admin":
        return audit_lines, audit_lines.c.id, journaling.ADMIN
    return tables.operations, tables.operations.c.id, journaling.facts_of(kind.removeprefix("status."))


def _check_tag(entry: Entry, index: int, line: bytes) -> None:
    if entry.tags[TAG_BYTES * index : TAG_BYTES * (index + 1)] != journal.tag(line):
        raise _Found(_changed(_what(entry.kind), entry.references[index], entry.sequence, "it says something else now"))


def _check_digest(entry: Entry, lines: Sequence[bytes]) -> None:
    if journal.digest_of(lines) != entry.digest:
        among = f"one of the {len(lines)} from {entry.references[0]} to {entry.references[-1]}"
        raise _Found(_changed(_what(entry.kind), among, entry.sequence, "it says something else now"))


def _statuses_are(connection: sa.Connection, expected: dict[str, str], sequence: int) -> None:
    operations = tables.operations
    for some in _chunks(list(expected)):
        query = sa.select(operations.c.id, operations.c.status).where(operations.c.id.in_(some))
        now = dict(connection.execute(query).all())
        for id_ in some:
            if now.get(id_) not in AFTER[expected[id_]]:
                why = f"its status was written down as {expected[id_]} and is {now.get(id_, 'gone')}"
                raise _Found(_changed("operation", id_, sequence, why))


def _claims_as_attested(connection: sa.Connection, sequence: int) -> None:
    """The stored claims are those under the roots that the journal has, so that every proof can still be given."""
    batches = tables.batches
    roots = dict(connection.execute(sa.select(batches.c.id, batches.c.claims_root)).all())
    for currency in connection.execute(sa.select(tables.tokens.c.currency)).scalars().all():
        with closing(liabilities.stored_roots(connection, currency)) as stored:
            for batch_id, root in stored:
                if root is None or root.hash != roots.pop(batch_id, None):
                    why = "the claims stored with it are not those under its root"
                    raise _Found(_changed("attestation", batch_id, sequence, why))
    if roots:
        raise _Found(_changed("attestation", min(roots), sequence, "the claims stored with it are gone"))


def _heads_on_chain(connection: sa.Connection, chain: ChainBackend) -> None:
    """The chain has what each token's newest booked batch attested, and the journal is the one whose head it has.

    Which attestation is a token's newest is asked of the chain: whoever rewrites the ledger could make it forget one.
    """
    batches = tables.batches
    carried = sa.select(sa.func.max(attestations.c.number)).join_from(attestations, batches)
    newest = carried.where(batches.c.status == "booked").group_by(batches.c.currency)
    query = sa.select(batches).join_from(batches, attestations).where(attestations.c.number.in_(newest))
    for batch in connection.execute(query).all():
        receipt = chain.receipt(batch.transaction_hash)
        events = [] if receipt is None else [decode(log) for log in receipt.logs]
        if not any(isinstance(event, ReserveAttested) for event in events):
            raise _Found(_changed("batch", batch.id, 0, "the chain has no attestation of it"))
    for token in connection.execute(sa.select(tables.tokens.c.address)).scalars():
        said = _newest_attested(chain, token)
        if said is not None and journal.hash_at(connection, said.ledger_sequence) != said.ledger_head:
            why = f"the chain attests another head for entry {said.ledger_sequence} (block {said.log.block_number})"
            raise _Found(_changed("journal", str(said.ledger_sequence), said.ledger_sequence, why))


def _signed_by_their_attestors(connection: sa.Connection, chain_id: int, sequence: int) -> None:
    """Whoever checks a proof takes the signature as it is stored."""
    last = 0
    while rows := connection.execute(
        booked().where(attestations.c.number > last).order_by(attestations.c.number).limit(CHUNK)
    ).all():
        for row in rows:
            try:
                check_signature(signed(row, chain_id), None)
            except ProofInvalid as invalid:
                raise _Found(_changed("attestation", row.id, sequence, invalid.detail.rstrip("."))) from None
        last = rows[-1].number


def _newest_attested(chain: ChainBackend, token: bytes) -> ReserveAttested | None:
    """What the chain has of a token's attestations last, looked for backwards from its head."""
    last, width, topics = chain.head().number, 1_000, ((deposit_token().topics["ReserveAttested"],),)
    while last >= 0:
        first = max(0, last - width + 1)
        logs = chain.logs(LogFilter(first=first, last=last, addresses=(token,), topics=topics))
        said = [event for log in logs if isinstance(event := decode(log), ReserveAttested)]
        if said:
            return max(said, key=lambda event: (event.log.block_number, event.log.log_index))
        last, width = first - 1, width * 4
    return None


# STREAMS


def _operations(connection: sa.Connection) -> Iterator[_Line]:
    columns = [tables.operations.c[name] for name in ("id", *journaling.OPERATION)]
    for row in _all_rows(connection, tables.operations.c.number, columns):
        yield row[0], journal.line(row[0], row[1:-1])


def _postings(connection: sa.Connection) -> Iterator[_Line]:
    columns = [postings.c[name] for name in ledger.FACTS]
    for row in _all_rows(connection, postings.c.sequence, columns):
        name = ledger.journal_name(dict(row._mapping))
        yield name, journal.line(name, row[:-1])


def _all_rows(connection: sa.Connection, order: sa.Column[int], columns: list[sa.Column[Any]]) -> Iterator[Row]:
    last = -(2**62)
    while True:
        query = sa.select(*columns, order.label("order_")).where(order > last).order_by(order).limit(CHUNK)
        found = connection.execute(query).all()
        yield from found
        if len(found) < CHUNK:
            return
        last = found[-1].order_


def _exists(connection: sa.Connection, kind: str, reference: str) -> bool:
    if kind == "operation":
        condition = tables.operations.c.id == reference
    else:
        account, _, sequence = reference.rpartition("/")
        condition = sa.and_(postings.c.debit_account == account, postings.c.debit_sequence == int(sequence))
    return connection.execute(sa.select(sa.literal(1)).where(condition)).first() is not None


def _in_journal(connection: sa.Connection, kind: str, reference: str) -> bool:
    entries = journal.journal
    padded = sa.literal(" ") + entries.c.rows_named + sa.literal(" ")
    query = sa.select(sa.literal(1)).where(entries.c.kind == kind, padded.contains(f" {reference} ", autoescape=True))
    return connection.execute(query).first() is not None


def _chunks(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))


# FINDINGS


def _what(kind: str) -> str:
    return "operation" if kind.startswith("status.") else kind


def _deleted(entry: Entry, reference: str) -> Altered:
    what = _what(entry.kind)
    return Altered(what, reference, entry.sequence, f"The {what} {reference} of entry {entry.sequence} is gone.")


def _changed(what: str, reference: str, sequence: int, why: str) -> Altered:
    return Altered(what, reference, sequence, f"The {what} {reference} of entry {sequence} was altered: {why}.")


def _slipped_in(kind: str, reference: str, sequence: int) -> Altered:
    detail = f"The {kind} {reference} was slipped in: the journal, at entry {sequence}, does not know it."
    return Altered(kind, reference, sequence, detail)
