"""`member import` as an operator uses it: files that spreadsheets write, bad lines, and an import that broke off."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from ledger_node.cli import main as cli
from ledger_node.cli.bank_files import KeysFile, read_banks
from ledger_node.config import load_config
from ledger_node.errors import ConfigurationError
from ledger_node.operations.initialise import initialise

BANKS = [
    ("ALBKUS33XXX", "549300ALBIONBANK0136", 'Albion "A" Bank, N.A.'),
    ("BRVADEFF", "529900BRAVAKREDI0289", "Brava Kreditbänk AG"),
    ("CEDRJPJTXXX", "353800CEDARTRUST0338", "Cedar Trust Bank, Ltd."),
]


def csv_of(delimiter: str, header: str = "bic,lei,legal_name", end: str = "\r\n") -> str:
    rows = [(bic, lei, '"' + name.replace('"', '""') + '"') for bic, lei, name in BANKS]
    return end.join([header.replace(",", delimiter), *(delimiter.join(row) for row in rows)]) + end


@pytest.mark.parametrize(
    "content",
    [
        csv_of(",").encode(), csv_of(",", end="\n").encode("utf-8-sig"), csv_of(";").encode("cp1252"),
        csv_of("\t").encode("utf-16"), csv_of(";", "BIC,LEI,Legal Name").encode("utf-8-sig"),
        ("sep=;\r\n" + csv_of(";")).encode(), (csv_of(",") + "\r\n,,\r\n").encode(),
        csv_of(",", ' "Bic" , LEI ,LEGAL_NAME').replace(' "Bic"', '"Bic"').encode(),
    ],
)  # fmt: skip
def test_a_list_is_read_however_a_spreadsheet_wrote_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "banks.csv").write_bytes(content)
    lines, bad = read_banks(tmp_path / "banks.csv")
    assert bad == []
    assert [tuple(line.bank.values()) for line in lines] == BANKS


@pytest.mark.parametrize("content", [b"", b"\n\n", b"a,b\n1,2\n", b"bic,bic,lei,legal_name\n", bytes(range(256))])
def test_what_is_no_list_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "banks.csv").write_bytes(content)
    with pytest.raises(ConfigurationError):
        read_banks(tmp_path / "banks.csv")


def test_keys_are_in_the_file_before_the_import_ends_and_after_it_broke_off(tmp_path: Path) -> None:
    KeysFile(tmp_path / "keys.json").add({"bic": "ALBKUS33XXX", "api_key": "one"})  # and never closed
    assert stat.S_IMODE((tmp_path / "keys.json.part").stat().st_mode) == 0o600
    again = KeysFile(tmp_path / "keys.json")
    assert again.bics == {"ALBKUS33XXX"}
    again.add({"bic": "BRVADEFF", "api_key": "two"})
    again.close()
    assert [each["api_key"] for each in json.loads((tmp_path / "keys.json").read_text())["members"]] == ["one", "two"]
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600
    assert not (tmp_path / "keys.json.part").exists()


def test_a_line_that_a_power_cut_tore_is_made_again(tmp_path: Path) -> None:
    KeysFile(tmp_path / "keys.json").add({"bic": "ALBKUS33XXX", "api_key": "one"})
    with (tmp_path / "keys.json.part").open("ab") as part:
        part.write(b'{"bic": "BRVADEFF", "api_k')
    again = KeysFile(tmp_path / "keys.json")
    assert again.bics == {"ALBKUS33XXX"}
    again.add({"bic": "BRVADEFF", "api_key": "two"})  # and never closed
    assert KeysFile(tmp_path / "keys.json").bics == {"ALBKUS33XXX", "BRVADEFF"}


SECRET = b"lnk_Sesame0pen"
HOSTILE = {
    "nested": b'{"a":' * 100_000, "list": b"[" * 100_000, "other": b'["' + SECRET + b'"]', "no bic": b"{}",
    "null": b"null", "binary": SECRET + bytes(range(256)), "number for a bic": b'{"bic": 7}', "empty": b"",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("end", ["", ".part"])
def test_a_file_of_keys_that_no_import_wrote_is_one_line_and_left_alone(
    end: str, name: str, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, banks, file = tmp_path / "node", tmp_path / "banks.csv", tmp_path / f"keys.json{end}"
    initialise(load_config({"data": data}), chain_id=4711, sample=False)
    banks.write_text(csv_of(","))
    content = b'{"bic": "ALBKUS33XXX"}\n' + HOSTILE[name] + b"\n" if end else b'{"members": [%b]}' % HOSTILE[name]
    if name == "empty" and not end:
        content = b""
    file.write_bytes(content)
    command = ("member", "import", str(banks), "--data", str(data), "--credentials", str(tmp_path / "keys.json"))
    status, said = run(capsys, monkeypatch, *command)
    assert (status, said.count("\n")) == (2, 1), said
    assert f"{file} is there and no import wrote it" in said
    assert SECRET.decode() not in said
    assert file.read_bytes() == content


def run(capsys: Any, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr("sys.argv", ["ledger-node", *arguments])
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0), "".join(capsys.readouterr())
    return 0, "".join(capsys.readouterr())


@pytest.mark.slow
def test_bad_lines_are_all_named_and_an_import_goes_on(tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    data, banks, keys = tmp_path / "node", tmp_path / "banks.csv", tmp_path / "keys.json"
    initialise(load_config({"data": data}), chain_id=4711, sample=False, permissioned=False)
    command = ("member", "import", str(banks), "--data", str(data), "--credentials", str(keys))
    twice = csv_of(";") + "ALBKUS33;549300ALBIONBANK0136;Again\r\nbad;bad;Bad\r\n;;\r\nx;y\r\n"
    banks.write_text(twice)
    status, said = run(capsys, monkeypatch, *command)
    assert status == 2
    assert "Nothing was made" in said
    named = [line.partition(":")[0] for line in said.splitlines() if line.startswith("line ")]
    assert named == ["line 5", "line 5", "line 6", "line 8"]
    assert not keys.exists()
    assert run(capsys, monkeypatch, "member", "list", "--data", str(data)) == (0, "")

    banks.write_text(csv_of(";").rpartition("CEDR")[0])
    assert run(capsys, monkeypatch, *command)[0] == 0
    first = {each["bic"]: each["api_key"] for each in json.loads(keys.read_text())["members"]}
    banks.write_text(csv_of(";"))
    status, said = run(capsys, monkeypatch, *command)
    assert status == 0, said
    second = {each["bic"]: each for each in json.loads(keys.read_text())["members"]}
    assert list(second) == [bic for bic, _, _ in BANKS]
    assert {bic: second[bic]["api_key"] for bic in first} == first
    assert all(len(each["accounts"]) == 6 for each in second.values())
