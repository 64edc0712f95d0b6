"""No command answers with a traceback or a secret, whatever file, flag or environment it is given."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from ledger_node.chain.genesis import read_genesis
from ledger_node.cli import main as cli
from ledger_node.config import load_config
from ledger_node.deposit_token.backing import _remembered
from ledger_node.errors import ConfigurationError, StorageFailed
from ledger_node.keys import open_keystore, read_password
from ledger_node.operations.initialise import initialise

SECRET = "lnk_" + "Sesame0pen" * 4
PRINTED = json.dumps({"id": "opr_1", "name": "Ada", "api_key": SECRET}).encode()
"""What `operator add` prints."""

FILES: dict[str, bytes] = {
    "empty": b"",
    "binary": SECRET.encode() + bytes(range(256)),
    "other": json.dumps([{"secret": SECRET}]).encode(),
    "nested": b'{"a":' * 100_000,
    "wrong kind": json.dumps({"api_key": [SECRET]}).encode(),
    "cut off": PRINTED[:-3],
    "two lines": f"{SECRET}\n{SECRET}".encode(),
    "utf-16": SECRET.encode("utf-16"),
    "huge": SECRET.encode() * 60_000,
    "blank": b" \t\r\n",
}

LEAVES_RUNNING = {"run", "follow", "demo", "dev"}
"""They would serve; what they read first is read by the others as well."""


def commands(
    group: click.Group = cli.cli, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        elif name not in LEAVES_RUNNING:
            yield (*path, name), command


ALL = dict(commands())


@pytest.fixture
def hostile(tmp_path: Path) -> dict[str, Path]:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "directory").mkdir()
    (tmp_path / "unreadable").write_text(SECRET)
    (tmp_path / "unreadable").chmod(0)
    return {path.name: path for path in tmp_path.iterdir()}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "node"
    initialise(load_config({"data": path}), chain_id=4711, sample=False)
    return path


def ended(arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """The exit status and everything that was said."""
    monkeypatch.setattr("sys.argv", ["ledger-node", *arguments])
    status = 0
    try:
        cli.main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    said = capsys.readouterr()
    return status, said.out + said.err


def wanted(command: click.Command, value: str) -> list[str]:
    """Every argument and every option that must be given, filled with this."""
    given: list[str] = []
    for parameter in command.params:
        one = [value] * max(1, parameter.nargs)
        if isinstance(parameter, click.Argument):
            given += one
        elif parameter.required or parameter.name == "key_file":
            given += [parameter.opts[0], *([] if getattr(parameter, "is_flag", False) else one)]
    return given


def bare(said: str) -> None:
    assert "Traceback" not in said
    assert SECRET not in said
    assert "Sesame0pen" not in said


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_no_command_answers_a_hostile_file_with_a_traceback_or_a_secret(
    path: tuple[str, ...], hostile: dict[str, Path], tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for file in hostile.values():
        status, said = ended([*path, *wanted(ALL[path], str(file))], capsys, monkeypatch)
        bare(said)
        assert "[internal]" not in said, said
        assert status in (0, 1, 2), said


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_no_command_answers_a_hostile_environment_with_a_traceback_or_a_secret(
    path: tuple[str, ...], hostile: dict[str, Path], tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for variables in (
        {"LEDGER_CURRENCIES": "[1,"}, {"LEDGER_DATABASE_URL": f"nothing://user:{SECRET}@127.0.0.1:1/x"},
        {"LEDGER_PASSWORD_FILE": str(hostile["binary"])}, {"LEDGER_GATEWAY_PORT": SECRET},
        {"LEDGER_DATA": str(hostile["binary"])},
    ):  # fmt: skip
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            status, said = ended([*path, *wanted(ALL[path], str(hostile["empty"]))], capsys, patch)
        bare(said)
        assert "[internal]" not in said, (variables, said)
        assert status in (0, 1, 2), said


OPTIONAL = [
    (path, parameter)
    for path, command in ALL.items()
    for parameter in command.params
    if isinstance(parameter, click.Option)
    and (parameter.name == "password_file" or isinstance(parameter.type, click.Path))
    and not parameter.required
]
"""Every option that may name a file."""


@pytest.mark.slow
@pytest.mark.parametrize(("path", "option"), OPTIONAL, ids=lambda each: getattr(each, "name", None) or " ".join(each))
def test_no_command_answers_a_hostile_file_of_an_option_with_a_traceback_or_a_secret(
    path: tuple[str, ...], option: click.Option, hostile: dict[str, Path], data: Path, tmp_path: Path, capsys: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    takes_data = any(each.name == "data" for each in ALL[path].params)
    for file in hostile.values():
        given = [*path, *wanted(ALL[path], str(hostile["empty"])), option.opts[0], str(file)]
        status, said = ended([*given, *(["--data", str(data)] if takes_data else [])], capsys, monkeypatch)
        bare(said)
        assert "[internal]" not in said, said
        assert status in (0, 1, 2), said


@pytest.mark.parametrize("name", ["binary", "utf-16", "huge", "directory", "missing", "empty", "blank"])
def test_a_password_file_that_holds_none_is_named_and_not_shown(name: str, hostile: dict[str, Path]) -> None:
    file = hostile.get(name, hostile["empty"].with_name("missing"))
    with pytest.raises(ConfigurationError) as refused:
        read_password(file)
    assert str(file) in refused.value.detail
    bare(refused.value.detail)


WAYS_TO_NAME_A_PASSWORD = ["--password-file", "LEDGER_PASSWORD_FILE", "config.toml", "keys/password"]


@pytest.mark.parametrize("content", ["", " \t\n", "a password\n"], ids=["empty", "blank", "given"])
@pytest.mark.parametrize("way", WAYS_TO_NAME_A_PASSWORD)
def test_a_password_file_must_hold_a_password_whichever_way_it_is_named(
    way: str, content: str, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, file = tmp_path / "node", tmp_path / "password"
    initialise(load_config({"data": data}), chain_id=4711, sample=False)
    command = ["doctor", "--data", str(data)]
    if way == "--password-file":
        command += [way, str(file)]
    elif way == "LEDGER_PASSWORD_FILE":
        monkeypatch.setenv(way, str(file))
    elif way == "config.toml":
        with (data / way).open("a") as config:
            config.write(f'password_file = "{file}"\n')
    else:
        file = data / way
    file.write_text(content)
    status, said = ended(command, capsys, monkeypatch)
    bare(said)
    assert status == 1, said
    assert (f"{file} is empty; write the keystores' password into it" in said) is (content.strip() == ""), said
    assert ("cannot be opened with the password given" in said) is (content.strip() != ""), said


@pytest.mark.parametrize("content", ["", "\n"])
def test_init_makes_nothing_under_an_empty_password(
    content: str, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "password").write_text(content)
    monkeypatch.setenv("LEDGER_PASSWORD_FILE", str(tmp_path / "password"))
    command = ["init", "--data", str(tmp_path / "node")]
    status, said = ended(command, capsys, monkeypatch)
    assert status == 2
    assert f"{tmp_path / 'password'} is empty" in said
    assert not [path for path in (tmp_path / "node").rglob("*") if path.is_file()]
    (tmp_path / "password").write_text("better")
    assert ended(command, capsys, monkeypatch)[0] == 0


def test_a_password_file_s_text_is_the_password(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("  pässword \n", encoding="utf-8")
    assert read_password(tmp_path / "password") == "pässword"


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'{"a":' * 100_000, b"[" * 100_000, b"\xff\xfe{", b"0"])
def test_a_file_of_ours_that_is_not_what_was_written_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file.json"
    file.write_bytes(content)
    for reads in (lambda: open_keystore(file, "x"), lambda: read_genesis(file), lambda: _remembered(file)):
        with pytest.raises((ConfigurationError, StorageFailed)) as refused:
            reads()
        assert str(file) in refused.value.detail or "genesis" in refused.value.detail


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_that_holds_no_key_is_named_and_not_shown(
    name: str, data: Path, hostile: dict[str, Path], capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, said = ended(["member", "list", "--data", str(data), "--as", str(hostile[name])], capsys, monkeypatch)
    bare(said)
    assert status == 2
    assert f"{hostile[name]} holds no API key" in said
