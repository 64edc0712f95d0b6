"""A history verified from its genesis alone: the verdict, the first wrong block, and statements line by line."""

import json
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from eth_account import Account
from eth_account.messages import encode_defunct

from ledger_node.chain import wire
from ledger_node.chain.blockfiles import export_file
from ledger_node.chain.genesis import write_genesis
from ledger_node.chain.pyevm.rules import seal
from ledger_node.cli.main import cli
from ledger_node.follower.verdict import canonical
from ledger_node.keys import create_keystore, new_password
from ledger_node.money import currency, decimal_string
from tests.chain.conftest import Person
from tests.follower.network import SEALER, a_genesis, open_at, pay
from tests.settlement.issuer import OPERATOR, Issuer


class History:
    """An issuer's chain as files: genesis.json, blocks.rlp, and bank A's statement."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.genesis, self.blocks = directory / "genesis.json", directory / "blocks.rlp"
        with closing(Issuer(directory / "issuer").start()) as issuer:
            issuer.admit("A", "B")
            issuer.fiat("deposit", "d1", "A.dda", "100.00")
            issuer.settle()
            issuer.paid("mint", "m1", "A.dda", "A.bda", "60.00")
            issuer.paid("transfer", "t1", "A.bda", "B.bda", "25.00")
            issuer.paid("transfer", "t2", "B.bda", "A.bda", "5.00")
            issuer.paid("redemption", "r1", "A.bda", "A.dda", "10.00")
            write_genesis(self.genesis, issuer.chain.rules.genesis)
            self.count = export_file(issuer.chain, self.blocks)
            self.token = issuer.token()
            self.head = issuer.chain.head()
            page = issuer.settlement.queries.entries(OPERATOR, issuer.id("A.bda"))
            self.statement = {
                "address": f"0x{issuer.address('A.bda').hex()}",
                "data": [_line(entry) for entry in page.data],
            }

    def verify(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        outcome = CliRunner().invoke(
            cli, ["chain", "verify", "--genesis", str(self.genesis), *arguments], catch_exceptions=False
        )
        return outcome.exit_code, json.loads(outcome.stdout)

    def checked(self, statement: dict[str, Any]) -> tuple[int, list[tuple[int | None, str]]]:
        file = self.directory / "statement.json"
        file.write_text(json.dumps(statement))
        status, verdict = self.verify(str(self.blocks), "--statement", str(file))
        return status, [(wrong["sequence"], wrong["field"]) for wrong in verdict["statement"]["wrong"]]


def _line(entry: Any) -> dict[str, Any]:
    of = currency(entry.currency)
    return {
        **{name: value for name, value in asdict(entry).items() if name in ("sequence", "direction", "currency")},
        "amount": decimal_string(entry.amount, of),
        "balance": decimal_string(entry.balance, of),
        "block_number": entry.block_number,
        "transaction_hash": f"0x{entry.transaction_hash.hex()}",
        "log_index": entry.log_index,
    }


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    directory = tmp_path_factory.mktemp("history")
    (directory / "issuer").mkdir()
    return History(directory)


def test_a_whole_history_is_verified_and_the_verdict_signed(history: History, tmp_path: Path) -> None:
    password = new_password()
    (tmp_path / "password").write_text(password)
    signer = create_keystore(tmp_path / "auditor.json", password)
    status, verdict = history.verify(str(history.blocks), "--sign-with", str(tmp_path / "auditor.json"))
    assert status == 0
    assert verdict["verdict"] == "valid"
    assert verdict["head_hash"] == f"0x{history.head.hash.hex()}"
    assert verdict["blocks"] == history.count - 1, "genesis is not executed"
    assert verdict["transfers"] == 4, "a mint, two transfers, a redemption"
    assert verdict["backed_at_every_block"]
    assert verdict["tokens"] == [f"0x{history.token.hex()}"]
    signature = verdict.pop("signature")
    assert verdict.pop("signer") == f"0x{signer.address.hex()}"
    recovered = Account.recover_message(encode_defunct(canonical(verdict)), signature=signature)
    assert bytes.fromhex(recovered[2:]) == signer.address


def test_the_first_wrong_block_is_named(tmp_path: Path) -> None:
    genesis = a_genesis()
    with closing(open_at(tmp_path / "chain", genesis, sealer=SEALER)) as chain:
        alice = Person("alice")
        for _ in range(4):
            pay(chain, alice)
        raws = list(chain.export_blocks(0, 4))
    block = wire.decode_block(raws[3])
    raws[3] = wire.encode_block(replace(block, header=seal(replace(block.header, state_root=b"\x05" * 32), SEALER)))
    write_genesis(tmp_path / "genesis.json", genesis)
    (tmp_path / "bad.rlp").write_bytes(b"".join(raws))
    outcome = CliRunner().invoke(
        cli, ["chain", "verify", "--genesis", str(tmp_path / "genesis.json"), str(tmp_path / "bad.rlp")]
    )
    verdict = json.loads(outcome.stdout)
    assert outcome.exit_code == 1
    assert verdict["verdict"] == "invalid"
    assert (verdict["head_number"], verdict["wrong"]["number"], verdict["wrong"]["field"]) == (2, 3, "state_root")
    assert verdict["wrong"]["executed"] == f"0x{block.header.state_root.hex()}"


def test_another_genesis_or_a_file_cut_short_is_no_valid_history(history: History, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    write_genesis(other, a_genesis())
    outcome = CliRunner().invoke(cli, ["chain", "verify", "--genesis", str(other), str(history.blocks)])
    assert (outcome.exit_code, json.loads(outcome.stdout)["wrong"]["field"]) == (1, "genesis")
    cut = tmp_path / "cut.rlp"
    cut.write_bytes(history.blocks.read_bytes()[:-100])
    status, verdict = history.verify(str(cut))
    assert (status, verdict["wrong"]["field"]) == (1, "encoding")


# STATEMENTS


def test_a_true_statement_has_nothing_wrong(history: History) -> None:
    assert history.checked(history.statement) == (0, [])
    assert len(history.statement["data"]) == 4


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"amount": "25.01"}, [(2, "amount")]),
        ({"direction": "CRDT"}, [(2, "direction")]),
        ({"balance": "36.00"}, [(2, "balance")]),
        ({"transaction_hash": "0x" + "11" * 32}, [(2, "transaction_hash")]),
        ({"log_index": 9}, [(2, "log_index"), (None, "missing")]),
    ],
)
def test_an_altered_line_is_named_with_its_field(
    history: History, change: dict[str, Any], named: list[tuple[int | None, str]]
) -> None:
    lines = [{**line, **change} if line["sequence"] == 2 else line for line in history.statement["data"]]
    assert history.checked({**history.statement, "data": lines}) == (1, named)


def test_a_statement_as_the_gateway_gives_it_needs_the_accounts_address(history: History, tmp_path: Path) -> None:
    file = tmp_path / "statement.json"
    file.write_text(json.dumps({"data": history.statement["data"], "next_cursor": None}))
    status, verdict = history.verify(
        str(history.blocks), "--statement", str(file), "--address", history.statement["address"]
    )
    assert (status, verdict["statement"]) == (0, {"lines": 4, "wrong": []})
    status, verdict = history.verify(str(history.blocks), "--statement", str(file), "--address", "0x" + "22" * 20)
    assert (status, verdict["verdict"]) == (1, "invalid")


def test_a_line_left_out_is_noticed(history: History) -> None:
    lines = [line for line in history.statement["data"] if line["sequence"] != 3]
    assert history.checked({**history.statement, "data": lines}) == (1, [(None, "missing")])


def test_anothers_lines_are_not_this_accounts(history: History) -> None:
    status, wrong = history.checked({**history.statement, "address": "0x" + "22" * 20})
    assert status == 1
    assert {field for _, field in wrong} == {"log_index"}


def test_what_is_no_statement_is_refused_before_anything_is_said(history: History) -> None:
    file = history.directory / "nothing.json"
    file.write_text(json.dumps({"data": [{}], "address": "0x12"}))
    outcome = CliRunner().invoke(
        cli, ["chain", "verify", "--genesis", str(history.genesis), str(history.blocks), "--statement", str(file)]
    )
    assert outcome.exit_code != 0
    assert "no statement" in str(outcome.exception)
