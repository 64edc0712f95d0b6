"""Whoever alters what the ledger has recorded is found, and the first row that he altered is named."""

from pathlib import Path

import pytest
import sqlalchemy as sa

import ledger_node.settlement.assurance.deep_audit as deep_audit_module
from ledger_node import journal
from ledger_node.chain.wire import SECP256K1_N
from ledger_node.settlement.assurance.deep_audit import Altered, deep_audit
from ledger_node.settlement.attestation_tables import attestations
from ledger_node.settlement.onchain.signing_keys import house_keys
from tests.ledgers import alter, stand_aside
from tests.settlement.issuer import Issuer
from tests.settlement.scenario import play


@pytest.fixture
def history(issuer: Issuer) -> Issuer:
    """Payments of every kind and end, in two currencies, one still on its way."""
    play(
        issuer,
        """
        deposit     d1  A.dda          100.00    settled
        mint        m1  A.dda  A.bda    50.00    settled
        mint        m2  A.dda  A.bda    10.00    settled
        transfer    t1  A.bda  B.bda    20.00    settled
        redeem      r1  B.bda  B.dda     5.00    settled
        withdrawal  w1  B.dda            1.00    settled
        """,
    )
    issuer.pay("transfer", "t2", "A.bda", "B.bda", "1.00")
    waits = issuer.pay("transfer", "t3", "A.bda", "B.bda", "2.00").operation
    issuer.settlement.cancel(issuer.members["A"], waits.id, waits.kind).result(30)
    issuer.pay("transfer", "t4", "A.bda", "B.bda", "3.00")
    return issuer


def altered(issuer: Issuer) -> Altered:
    report = deep_audit(issuer.database, issuer.chain)
    assert report.altered is not None
    assert not report.passed
    return report.altered


def tamper(issuer: Issuer, *statements: str) -> None:
    with issuer.database.write() as connection:
        stand_aside(connection)
        for statement in statements:
            alter(connection, statement.replace("{A.dda}", issuer.id("A.dda")))


def id_of(issuer: Issuer, key: str) -> str:
    with issuer.database.read() as connection:
        query = sa.text("SELECT id FROM operations WHERE request_key LIKE :key")
        return str(connection.execute(query, {"key": f"%/{key}"}).scalar_one())


def test_an_untouched_ledger_passes(history: Issuer) -> None:
    report = deep_audit(history.database, history.chain)
    assert report.altered is None
    assert report.passed
    with history.database.read() as connection:
        assert (report.entries, report.head) == (journal.head(connection).sequence, journal.head(connection).hash)
    assert report.rows > 20
    history.settle()
    assert deep_audit(history.database, history.chain).passed


def test_an_empty_ledger_passes(issuer: Issuer) -> None:
    assert deep_audit(issuer.database, issuer.chain).passed


@pytest.mark.parametrize(
    ("statement", "what", "words"),
    [
        ("UPDATE operations SET amount = amount + 1 WHERE id = '{m2}'", "operation", "says something else now"),
        ("UPDATE operations SET external_id = 'x' WHERE id = '{m2}'", "operation", "says something else now"),
        ("UPDATE operations SET settled_at = settled_at - 1 WHERE id = '{m2}'", "operation", "something else now"),
        ("UPDATE operations SET leg = leg + 1 WHERE id = '{m2}'", "operation", "says something else now"),
        ("UPDATE operations SET status = 'accepted' WHERE id = '{m2}'", "operation", "settled and is accepted"),
        ("UPDATE operations SET number = 1000 WHERE id = '{m2}'", "operation", "not in its place"),
    ],
)
def test_an_altered_operation_is_named(history: Issuer, statement: str, what: str, words: str) -> None:
    m2 = id_of(history, "m2")
    tamper(history, statement.replace("{m2}", m2))
    found = altered(history)
    assert (found.what, found.reference) == (what, m2)
    assert words in found.detail


def test_an_altered_posting_is_named(history: Issuer) -> None:
    tamper(history, "UPDATE reserve_postings SET amount = amount + 1 WHERE debit_account = 'dda:{A.dda}' "
                    "AND debit_sequence = 3")  # fmt: skip
    found = altered(history)
    assert (found.what, found.reference) == ("posting", f"dda:{history.id('A.dda')}/3")


def test_a_deleted_row_is_named(history: Issuer) -> None:
    m2 = id_of(history, "m2")
    tamper(history, "UPDATE statement_lines SET operation_id = NULL", f"DELETE FROM operations WHERE id = '{m2}'")
    assert altered(history).reference == m2
    assert "gone" in altered(history).detail


def test_a_deleted_posting_is_named(history: Issuer) -> None:
    tamper(history, "DELETE FROM reserve_postings WHERE debit_account = 'dda:{A.dda}' AND debit_sequence = 3")
    assert altered(history).reference == f"dda:{history.id('A.dda')}/3"
    assert "gone" in altered(history).detail


_COPY = (
    "INSERT INTO reserve_postings (sequence, debit_account, credit_account, currency, amount, reference, "
    "debit_sequence, debit_balance, credit_sequence, credit_balance, created_at) SELECT {at}, debit_account, "
    "credit_account, currency, amount, reference, 77, debit_balance, 77, credit_balance, created_at "
    "FROM reserve_postings ORDER BY sequence LIMIT 1"
)


@pytest.mark.parametrize("at", ["-5", "1000"], ids=["before the first", "after the last"])
def test_a_posting_that_was_slipped_in_is_named(history: Issuer, at: str) -> None:
    tamper(history, _COPY.replace("{at}", at))
    assert altered(history).reference == "cash:USD/77"
    assert "slipped in" in altered(history).detail


def test_postings_that_changed_places_are_named(history: Issuer) -> None:
    tamper(history, "UPDATE reserve_postings SET sequence = -1 WHERE sequence = 2")
    assert "not in its place" in altered(history).detail


def test_a_batch_that_was_altered_or_slipped_in_is_named(history: Issuer) -> None:
    tamper(history, "UPDATE batches SET reserve = reserve + 1 WHERE id = (SELECT min(id) FROM batches)")
    assert altered(history).what == "batch"


@pytest.mark.parametrize("change", ["status = 'reverted'", "block_number = block_number + 1", "block_number = NULL"])
def test_a_batch_that_contradicts_its_operations_is_named(history: Issuer, change: str) -> None:
    """A batch that says it reverted has no attestation that anybody could be shown."""
    with history.database.read() as connection:
        first = connection.exec_driver_sql("SELECT min(id) FROM batches").scalar_one()
    tamper(history, f"UPDATE batches SET {change} WHERE id = '{first}'")
    assert (altered(history).what, altered(history).reference) == ("batch", first)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET created_at = created_at + 1 WHERE sequence = 3",
        "UPDATE journal SET hash = randomblob(32) WHERE sequence = 3",
        "DELETE FROM journal WHERE sequence = 3",
        "UPDATE journal SET kind = 'batch' WHERE sequence = 3",
    ],
)
def test_the_journal_itself_is_covered(history: Issuer, statement: str) -> None:
    tamper(history, statement)
    assert (altered(history).what, altered(history).sequence) == ("journal", 3)


def test_a_ledger_rewritten_with_its_journal_is_not_the_one_attested_on_chain(history: Issuer) -> None:
    """Somebody who computes every hash again cannot change what the chain has seen."""
    with history.database.write() as connection:
        m1 = id_of(history, "m1")
        connection.exec_driver_sql(f"UPDATE operations SET external_id = 'forged' WHERE id = '{m1}'")
        _write_again(connection)
    assert deep_audit(history.database, None).passed, "the rows and the journal agree"
    assert "the chain attests another head" in altered(history).detail


@pytest.mark.parametrize(
    "change",
    [
        "balances = CAST(substr(balances, 1, length(balances) - 1) || x'77' AS BLOB)", "balances = x'00'",
        "depth = depth + 1", "depth = 40", "claims = claims + 1", "currency = 'JPY'", "number = number + 1000",
    ],
)  # fmt: skip
def test_claims_that_are_not_those_under_the_attested_root_are_named(history: Issuer, change: str) -> None:
    """From them members are given their proofs."""
    with history.database.read() as connection:
        first = connection.exec_driver_sql("SELECT min(batch_id) FROM attestations").scalar_one()
    tamper(history, f"UPDATE attestations SET {change} WHERE batch_id = '{first}'")
    assert altered(history).what == "attestation"


def test_a_salt_or_a_place_that_was_altered_is_noticed(history: Issuer) -> None:
    tamper(history, "UPDATE claim_leaves SET salt = randomblob(32) WHERE place = (SELECT min(place) FROM claim_leaves)")
    assert altered(history).what == "attestation"


def test_an_attestation_that_was_deleted_is_named(history: Issuer) -> None:
    with history.database.read() as connection:
        last = connection.exec_driver_sql("SELECT max(batch_id) FROM attestations").scalar_one()
    tamper(history, f"DELETE FROM attestations WHERE batch_id = '{last}'")
    assert (altered(history).what, altered(history).reference) == ("attestation", last)


def test_a_ledger_that_forgets_its_attestations_is_compared_with_them_all_the_same(history: Issuer) -> None:
    """Which attestation is the newest, the chain says."""
    tamper(history, "UPDATE batches SET status = 'reverted'", "UPDATE journal SET hash = randomblob(32)")
    with history.database.read() as connection, pytest.raises(deep_audit_module._Found, match="attests another head"):
        deep_audit_module._heads_on_chain(connection, history.chain)


def _write_again(connection: sa.Connection) -> None:
    """Every digest and hash as the rows now give them."""
    before = bytes(32)
    streams = {
        "operation": deep_audit_module._operations(connection),
        "posting": deep_audit_module._postings(connection),
    }
    for entry in list(journal.entries(connection)):
        if entry.kind in streams:
            lines = [next(streams[entry.kind])[1] for _ in entry.references]
            digest, tags = journal.digest_of(lines), journal.tags_of(lines)
        else:
            digest, tags = entry.digest, entry.tags
        before = journal.link(
            before, sequence=entry.sequence, kind=entry.kind, created_at=entry.created_at,
            count=len(entry.references), digest=digest,
        )  # fmt: skip
        connection.execute(
            journal.journal.update().where(journal.journal.c.sequence == entry.sequence)
            .values(digest=digest, tags=tags, hash=before)
        )  # fmt: skip


def test_a_row_whose_checksum_was_altered_with_it_is_found_among_its_neighbours(history: Issuer) -> None:
    with history.database.read() as connection:
        entry = next(each for each in journal.entries(connection) if each.kind == "operation")
    (reference,) = entry.references
    tamper(history, f"UPDATE operations SET external_id = 'x' WHERE id = '{reference}'")
    with history.database.write() as connection:
        forged = next(deep_audit_module._operations(connection))[1]
        mine = journal.journal.c.sequence == entry.sequence
        connection.execute(journal.journal.update().where(mine).values(tags=journal.tag(forged)))
    assert altered(history).reference == f"one of the 1 from {reference} to {reference}"


def test_an_operation_that_was_opened_again_is_named(history: Issuer) -> None:
    d1 = id_of(history, "d1")
    tamper(history, f"UPDATE operations SET status = 'processing' WHERE id = '{d1}'")
    assert (altered(history).reference, altered(history).what) == (d1, "operation")


def test_a_waiting_operation_whose_status_was_changed_is_named(history: Issuer) -> None:
    t4 = id_of(history, "t4")
    tamper(history, f"UPDATE operations SET status = 'pending_approval' WHERE id = '{t4}'")
    assert "accepted and is pending_approval" in altered(history).detail


def test_a_batch_that_was_slipped_in_is_named(history: Issuer) -> None:
    tamper(
        history,
        "INSERT INTO chain_transactions (number, hash, sender, nonce, kind, raw, status, created_at, block_number) "
        "VALUES (1000, randomblob(32), randomblob(20), 0, 'batch', randomblob(9), 'succeeded', 0, 1)",
        "INSERT INTO batches (id, currency, transaction_hash, status, legs, reserve, claims_root, ledger_sequence, "
        "ledger_head, created_at) SELECT 'bat_forged', currency, (SELECT hash FROM chain_transactions WHERE number = "
        "1000), 'reverted', 1, 0, claims_root, 0, ledger_head, 0 FROM batches LIMIT 1",
    )
    assert (altered(history).what, altered(history).reference) == ("batch", "bat_forged")


def test_a_line_of_the_audit_log_that_was_altered_or_deleted_is_named(history: Issuer) -> None:
    """The log has its own chain; the journal covers each line's hash."""
    with history.database.write() as connection:
        stand_aside(connection)
        first = connection.exec_driver_sql("SELECT id FROM audit_log ORDER BY sequence LIMIT 1").scalar_one()
        connection.exec_driver_sql("UPDATE audit_log SET reason = 'another' WHERE sequence = 1")
    assert (altered(history).what, altered(history).reference) == ("audit log line", "1")
    tamper(history, f"DELETE FROM audit_log WHERE id = '{first}'")
    assert (altered(history).what, altered(history).reference) == ("admin", first)


def test_a_batch_that_the_chain_does_not_know_is_named(history: Issuer, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Issuer(tmp_path / "other")
    report = deep_audit(history.database, other.chain)
    other.close()
    assert report.altered is not None
    assert "the chain has no attestation of it" in report.altered.detail


def forged(signature: bytes) -> list[bytes]:
    high = SECP256K1_N - int.from_bytes(signature[32:64], "big")
    return [
        bytes(65),
        signature[:64],
        signature[:64] + b"\xff",
        signature[:32] + high.to_bytes(32, "big") + bytes([55 - signature[64]]),
    ]


@pytest.mark.parametrize("way", range(4))
def test_an_attestation_whose_signature_was_altered_is_named(history: Issuer, way: int) -> None:
    first = attestations.c.number == 1
    with history.database.write() as connection:
        stand_aside(connection)
        row = connection.execute(attestations.select().where(first)).one()
        changed = attestations.update().where(first).values(signature=forged(row.signature)[way])
        connection.execute(changed)
    assert (altered(history).what, altered(history).reference) == ("attestation", row.batch_id)
    assert "sign" in altered(history).detail


def test_an_attestor_in_whose_place_another_one_was_put_is_found_out(history: Issuer) -> None:
    with history.database.write() as connection:
        connection.execute(house_keys.update().where(house_keys.c.office == "attestor").values(address=bytes(20)))
    assert "not signed by the attestor it names" in altered(history).detail
