"""The checker: a read-only program over both stores, which shares no code with the rooms that write them.

It reads the ledger's tables and the chain's logs with plain SQL and adds up for itself. Each finding names the broken
invariant of docs/reference/invariants.md. `python -m tests.simulation.checker DIR` checks a stopped node's directory.
"""

import sqlite3
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

TRANSFER = bytes.fromhex("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")
"""keccak256("Transfer(address,address,uint256)"), ERC-20."""
NOBODY = bytes(20)
POSITIONS = 1 << 24
"""The chain store numbers a log by its block times this, plus its index in the block."""
OPEN = ("pending_approval", "accepted", "processing", "queued")


@dataclass(frozen=True, slots=True)
class Moved:
    """One Transfer event; `block` and `index` say where it stands."""

    token: bytes
    payer: bytes
    payee: bytes
    amount: int
    block: int
    index: int
    transaction: int
    """Its transaction's place in the block."""


def check(directory: Path, promised: dict[str, str] | None = None, *, at_rest: bool = False) -> list[str]:
    """Every broken invariant, as a sentence. `promised`: operation ids that were answered, and their kind.

    `at_rest`: the node has had time to finish, so nothing may be open or excused by being in flight.
    """
    with (
        closing(_open(directory / "ledger.sqlite")) as ledger,
        closing(_open(directory / "chain" / "chain.sqlite")) as chain,
    ):
        checks = _Checks(ledger, chain, at_rest=at_rest)
        return [
            *checks.backing(), *checks.books(), *checks.holders(), *checks.statements(), *checks.operations(),
            *checks.nets(), *checks.outbox(), *checks.promises(promised or {}), *checks.events(),
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ledger's rows say now: (booked, available) per account id, status and code per operation id, the block
    booked."""

    balances: dict[str, tuple[int, int]]
    statuses: dict[str, tuple[str, str | None]]
    booked_block: int
    suspended: set[str]
    """Names of the banks."""


def standing(directory: Path) -> Standing:
    with closing(_open(directory / "ledger.sqlite")) as ledger:
        rows = ledger.execute("SELECT id, posted, outgoing FROM reserve_accounts WHERE id LIKE 'dda:%'").fetchall()
        balances = {row["id"][4:]: (row["posted"], row["posted"] - row["outgoing"]) for row in rows}
        for row in ledger.execute("SELECT account_id, booked, outgoing FROM holdings"):
            balances[row["account_id"]] = (row["booked"], row["booked"] - row["outgoing"])
        statuses = {row["id"]: (row["status"], row["code"]) for row in ledger.execute("SELECT * FROM operations")}
        cursor = ledger.execute("SELECT block_number FROM chain_cursor").fetchone()
        suspended = ledger.execute("SELECT legal_name FROM members WHERE status = 'suspended'")
        names = {row["legal_name"] for row in suspended}
        return Standing(balances, statuses, cursor[0] if cursor else 0, names)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    return connection


class _Checks:
    def __init__(self, ledger: sqlite3.Connection, chain: sqlite3.Connection, *, at_rest: bool) -> None:
        self.ledger = ledger
        self.at_rest = at_rest
        self.head: int = chain.execute("SELECT max(number) FROM blocks").fetchone()[0]
        cursor = ledger.execute("SELECT block_number FROM chain_cursor").fetchone()
        self.booked: int = cursor[0] if cursor else 0
        self.tokens = {row["address"]: row for row in ledger.execute("SELECT * FROM tokens")}
        self.moves = [moved for moved in _moves(chain) if moved.token in self.tokens]
        self.transactions = {
            divmod(row["id"], POSITIONS): row["position"] for row in chain.execute("SELECT * FROM logs")
        }
        self.accounts = {row["id"]: row for row in ledger.execute("SELECT * FROM accounts")}
        self.by_address = {
            (row["currency"], row["address"]): row["id"] for row in self.accounts.values() if row["address"]
        }

    def supply(self, token: bytes, last: int) -> int:
        total = 0
        for moved in self.moves:
            if moved.token == token and moved.block <= last:
                total += (moved.payer == NOBODY) * moved.amount - (moved.payee == NOBODY) * moved.amount
        return total

    def backing(self) -> Iterator[str]:
        """I1: 0 ≤ (reserve posted + mint holds) − supply ≤ in flight, with the supply of the newest block there is."""
        for token, row in self.tokens.items():
            currency = row["currency"]
            posted = self._sum("SELECT posted FROM reserve_accounts WHERE id = ?", f"reserve:{currency}")
            held = self._sum(
                "SELECT sum(amount) FROM reserve_holds WHERE state = 'pending' AND credit_account = ?",
                f"reserve:{currency}",
            )
            in_flight = self._sum(
                "SELECT sum(amount) FROM operations WHERE currency = ? AND kind IN ('mint', 'redemption')"
                f" AND status IN {OPEN}", currency,
            )  # fmt: skip
            difference = posted + held - self.supply(token, self.head)
            if not 0 <= difference <= in_flight:
                yield f"I1: {currency} reserve less supply is {difference}, in flight {in_flight}"
            if self.at_rest and difference:
                yield f"I1: at rest {currency} reserve less supply is {difference}"

    def books(self) -> Iterator[str]:
        """I6: every account is what its postings and pending holds add up to, and not below zero."""
        posted: Counter[str] = Counter()
        for row in self.ledger.execute("SELECT debit_account, credit_account, amount FROM reserve_postings"):
            posted[row["debit_account"]] -= row["amount"]
            posted[row["credit_account"]] += row["amount"]
        held: Counter[str] = Counter()
        for row in self.ledger.execute("SELECT debit_account, amount FROM reserve_holds WHERE state = 'pending'"):
            held[row["debit_account"]] += row["amount"]
        for row in self.ledger.execute("SELECT * FROM reserve_accounts"):
            sign = 1 if row["normal_side"] == "credit" else -1
            if row["posted"] != sign * posted[row["id"]] or row["posted"] < 0:
                yield f"I6: {row['id']} says {row['posted']}, its postings {sign * posted[row['id']]}"
            if sign == 1 and row["outgoing"] != held[row["id"]]:
                yield f"I6: {row['id']} has {row['outgoing']} on hold, its holds say {held[row['id']]}"
            if row["outgoing"] > row["posted"]:
                yield f"I6: {row['id']} promises more than it has"

    def holders(self) -> Iterator[str]:
        """I7: up to the block booked last, each holder has what the events say, and all together the supply."""
        chain: Counter[str] = Counter()
        for moved in self.moves:
            if moved.block > self.booked:
                continue
            currency = self.tokens[moved.token]["currency"]
            for side, sign in ((moved.payer, -1), (moved.payee, 1)):
                if side != NOBODY:
                    account = self.by_address.get((currency, side))
                    if account is None:
                        yield f"I8: 0x{side.hex()} holds {currency} and is nobody's account"
                    else:
                        chain[account] += sign * moved.amount
        promised: Counter[str] = Counter()
        for row in self.ledger.execute(
            "SELECT debtor_account, amount FROM operations"
            f" WHERE kind IN ('transfer', 'redemption') AND status IN {OPEN} AND net_until IS NULL"
        ):
            promised[row["debtor_account"]] += row["amount"]
        for row in self.ledger.execute(
            "SELECT account_id, net FROM net_positions JOIN batches ON batch_id = batches.id WHERE status = 'in_flight'"
        ):
            promised[row["account_id"]] += max(0, -row["net"])
        for row in self.ledger.execute("SELECT * FROM holdings"):
            account = row["account_id"]
            if row["booked"] != chain[account] or row["booked"] < 0:
                yield f"I7: {account} is booked with {row['booked']}, the chain says {chain[account]}"
            if row["outgoing"] != promised[account]:
                yield f"I7: {account} has promised {row['outgoing']}, its payments {promised[account]}"
        for token, row in self.tokens.items():
            if row["supply"] != self.supply(token, self.booked):
                yield f"I7: {row['currency']} supply is booked as {row['supply']}"

    def statements(self) -> Iterator[str]:
        """I11: one line per side of each Transfer event, in order, with a running balance; and no other line."""
        wanted: dict[str, list[tuple[str, int, int, int]]] = defaultdict(list)
        for moved in self.moves:
            if moved.block <= self.booked:
                currency = self.tokens[moved.token]["currency"]
                for direction, side in (("DBIT", moved.payer), ("CRDT", moved.payee)):
                    if side != NOBODY and (currency, side) in self.by_address:
                        place = (direction, moved.amount, moved.block, moved.index)
                        wanted[self.by_address[currency, side]].append(place)
        found: dict[str, list[tuple[str, int, int, int]]] = defaultdict(list)
        balances: Counter[str] = Counter()
        for row in self.ledger.execute("SELECT * FROM statement_lines ORDER BY account_id, sequence"):
            account = row["account_id"]
            balances[account] += row["amount"] if row["direction"] == "CRDT" else -row["amount"]
            found[account].append((row["direction"], row["amount"], row["block_number"], row["log_index"]))
            if row["balance"] != balances[account] or row["sequence"] != len(found[account]):
                yield f"I11: line {row['sequence']} of {account} does not follow from those before it"
        for account in wanted.keys() | found.keys():
            if wanted[account] != found[account]:
                yield f"I11: the statement of {account} is not what the chain says"

    def operations(self) -> Iterator[str]:
        """I3, I4: a settled payment has one Transfer event of its amount between its accounts, shared with no other."""
        events = {(moved.block, moved.index): moved for moved in self.moves}
        used: Counter[tuple[int, int]] = Counter()
        for row in self.ledger.execute("SELECT * FROM operations WHERE kind IN ('mint', 'transfer', 'redemption')"):
            if row["status"] in OPEN:
                if self.at_rest:
                    yield f"I4: {row['id']} is still {row['status']}"
                continue
            if row["status"] != "settled" or row["net_until"] is not None:
                continue
            place = (row["block_number"], row["log_index"])
            used[place] += 1
            moved = events.get(place)
            if moved is None or moved.amount != row["amount"]:
                yield f"I3: {row['id']} is settled, but not on chain"
                continue
            payer = self._address(row["debtor_account"]) if row["kind"] != "mint" else NOBODY
            payee = self._address(row["creditor_account"]) if row["kind"] != "redemption" else NOBODY
            if (moved.payer, moved.payee) != (payer, payee):
                yield f"I3: {row['id']} moved between others"
        yield from (f"I3: two payments share the event at {place}" for place, times in used.items() if times > 1)
        fiat: Counter[str] = Counter(
            row["reference"] for row in self.ledger.execute("SELECT reference FROM reserve_postings")
        )
        for row in self.ledger.execute("SELECT id, kind, status FROM operations"):
            expected = 1 if row["status"] == "settled" and row["kind"] != "transfer" else 0
            if fiat[row["id"]] != expected:
                yield f"I3: {row['id']} ({row['kind']}, {row['status']}) moved fiat {fiat[row['id']]} times"

    def nets(self) -> Iterator[str]:
        """I37: the payments of a net batch, added up for each account, are what its transaction moved."""
        wanted: dict[tuple[int, int], Counter[bytes]] = defaultdict(Counter)
        for row in self.ledger.execute("SELECT * FROM operations WHERE status = 'settled' AND net_until IS NOT NULL"):
            place = (row["block_number"], self.transactions.get((row["block_number"], row["log_index"]), -1))
            wanted[place][self._address(row["debtor_account"])] -= row["amount"]
            wanted[place][self._address(row["creditor_account"])] += row["amount"]
        found: dict[tuple[int, int], Counter[bytes]] = defaultdict(Counter)
        for moved in self.moves:
            if (moved.block, moved.transaction) in wanted:
                found[moved.block, moved.transaction][moved.payer] -= moved.amount
                found[moved.block, moved.transaction][moved.payee] += moved.amount
        for place, nets in wanted.items():
            if {side: net for side, net in nets.items() if net} != {
                side: net for side, net in found[place].items() if net
            }:
                yield f"I37: what block {place[0]} moved is not the net of the payments that it settled"

    def outbox(self) -> Iterator[str]:
        """I5: nonces of each key are contiguous, and nothing that the ledger signed later was mined before."""
        for (sender,) in self.ledger.execute("SELECT DISTINCT sender FROM chain_transactions").fetchall():
            rows = self.ledger.execute(
                "SELECT nonce, status FROM chain_transactions WHERE sender = ? ORDER BY nonce", (sender,)
            ).fetchall()
            nonces = [row["nonce"] for row in rows]
            if nonces != list(range(nonces[0], nonces[0] + len(nonces))):
                yield f"I5: 0x{sender.hex()} left a nonce out: {nonces}"
            statuses = [row["status"] == "signed" for row in rows]
            if statuses != sorted(statuses):
                yield f"I5: 0x{sender.hex()} has a booked transaction after an open one"
            if self.at_rest and any(statuses):
                yield f"I5: 0x{sender.hex()} has transactions that are not mined"

    def promises(self, promised: dict[str, str]) -> Iterator[str]:
        """I4: whatever was answered is there."""
        there = {row["id"]: row["kind"] for row in self.ledger.execute("SELECT id, kind FROM operations")}
        yield from (f"I4: {id_} was answered and is gone" for id_, kind in promised.items() if there.get(id_) != kind)

    def events(self) -> Iterator[str]:
        """Each payment that has ended has told its banks, once; each member and account, last, what it is now."""
        told = Counter(
            (row["resource_id"], row["type"], row["member_id"])
            for row in self.ledger.execute("SELECT resource_id, type, member_id FROM events")
        )
        for row in self.ledger.execute("SELECT * FROM operations"):
            banks = {row["member_id"]} if row["status"] in ("settled", "rejected", "canceled") else set()
            if row["status"] == "settled" and row["kind"] == "transfer":
                banks.add(self.accounts[row["creditor_account"]]["member_id"])
            for bank in banks:
                name = (row["id"], f"{row['kind']}.{row['status']}", bank)
                if told[name] != 1:
                    yield f"{row['id']} is {row['status']} and {bank} was told {told[name]} times"
        newest = dict(map(tuple, self.ledger.execute("SELECT resource_id, type FROM events ORDER BY sequence")))
        for table, kind in (("members", "member"), ("accounts", "account")):
            for row in self.ledger.execute(f"SELECT id, status FROM {table}"):
                if newest.get(row["id"]) != f"{kind}.{row['status']}":
                    yield f"{row['id']} is {row['status']} and its bank was told last of {newest.get(row['id'])}"

    def _sum(self, query: str, *values: str) -> int:
        row = self.ledger.execute(query, values).fetchone()
        return int(row[0] or 0) if row else 0

    def _address(self, account_id: str) -> bytes:
        return bytes(self.accounts[account_id]["address"] or b"")


def _moves(chain: sqlite3.Connection) -> Iterator[Moved]:
    for row in chain.execute("SELECT * FROM logs WHERE topic0 = ? ORDER BY id", (TRANSFER,)):
        block, index = divmod(row["id"], POSITIONS)
        yield Moved(
            row["address"],
            row["topic1"][12:],
            row["topic2"][12:],
            int.from_bytes(row["data"], "big"),
            block,
            index,
            row["position"],
        )


if __name__ == "__main__":
    findings = check(Path(sys.argv[1]), at_rest=True)
    print("\n".join(findings) or "Every invariant holds.")
    sys.exit(bool(findings))
