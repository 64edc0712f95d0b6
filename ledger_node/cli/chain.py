"""The commands of those who trust nobody, `follow` and `chain export | import | verify`; and `chain split`."""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from ledger_node.chain.blockfiles import export_file, import_file, read_blocks
from ledger_node.chain.genesis import Genesis, parse_genesis
from ledger_node.chain.geth_genesis import GethGenesis, parse_geth_genesis
from ledger_node.chain.pyevm.beside import BlocksOnDisk
from ledger_node.chain.pyevm.engine import ChainSettings, PyEvmChain, open_stored_chain
from ledger_node.chain.pyevm.imported import ImportedChain
from ledger_node.chain_node import HALTED, contracts_of, make_key, open_network
from ledger_node.chain_node import follow as follow_source
from ledger_node.cli.flags import ADDRESS, settings
from ledger_node.config import load_config
from ledger_node.data_directory import DataDirectory, DirectoryLock, write_private
from ledger_node.deposit_token.artifact import is_deposit_token
from ledger_node.deposit_token.backing import TokenBacking
from ledger_node.doors import run_loop
from ledger_node.errors import ConfigurationError
from ledger_node.follower.statement import check_statement
from ledger_node.follower.verdict import signed, verify
from ledger_node.json_files import read_json
from ledger_node.keys import open_keystore, read_password
from ledger_node.logs import write_logs
from ledger_node.operations.split import split

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
READING = ChainSettings(produce=False)


@click.command()
@click.option("--from", "url", metavar="URL", help="JSON-RPC address of the node to follow.")
@click.option(
    "--genesis", type=FILE, help="The network's genesis; without it, the source's is taken and its hash printed."
)
@click.option(
    "--init-key",
    type=click.Choice(["follower", "sealer"]),
    is_flag=False,
    flag_value="follower",
    help="Make a key in DIR/keys, print its address, and end: to sign attestations, or to seal after a vote.",
)
@click.option(
    "--exit-on-difference", is_flag=True, help="End at the first difference instead of serving on, not ready."
)
@settings("data", "rpc_host", "rpc_port", "password_file", "interpreter", "call_workers", "log_level")
def follow(url: str | None, genesis: Path | None, init_key: str | None, exit_on_difference: bool, **flags: Any) -> None:
    """Follow a node and trust nothing it says: execute every block again, compare, attest; exit status 3 if it differs.

    On the first difference it takes no further block, keeps the evidence in DIR/evidence, and says so on `/readyz` of
    its JSON-RPC port; what it has verified it goes on serving.
    """
    config = load_config(flags)
    if init_key is not None:
        config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        click.echo(f"0x{make_key(config, init_key).address.hex()}")
        return
    if url is None:
        raise click.UsageError("Name the node to follow: --from URL.")
    write_logs(config.log_level)
    status = run_loop(follow_source(config, url, genesis=genesis, exit_on_difference=exit_on_difference))
    if status == HALTED:
        click.echo(
            f"A block of {url} is not what executing it gives; the evidence is in {config.data / 'evidence'}.", err=True
        )
    sys.exit(status)


@click.group()
def chain() -> None:
    """Read and write block files, and verify a history from its genesis."""


@chain.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--first", type=click.IntRange(0), default=0, show_default=True, help="First block.")
@click.option("--last", type=click.IntRange(0), help="Last block; the head if not given.")
@settings("data")
def export_blocks(file: Path, first: int, last: int | None, **flags: Any) -> None:
    """Write blocks to FILE as RLP, one after another, as geth does; gzip where the name ends in .gz.

    The node may run: its newest block, when this begins, is the last one.
    """
    directory = DataDirectory(load_config(flags).data)
    with closing(BlocksOnDisk(directory.chain)) as stored:
        with _progress("blocks") as tell:
            count = export_file(stored, file, first=first, last=last, progress=tell)
        click.echo(f"Exported {count} blocks to {file}.")


@chain.command("import")
@click.argument("file", type=FILE)
@click.option("--genesis", type=FILE, help="Genesis file, ours or geth's. Needed when DIR holds no chain yet.")
@settings("data")
def import_blocks(file: Path, genesis: Path | None, **flags: Any) -> None:
    """Check, execute and keep the blocks of FILE, made here or by other clients; prints the head's hash.

    `ledger-node run --data DIR --no-produce` serves what was imported over JSON-RPC.
    """
    directory = DataDirectory(load_config(flags).data)
    if directory.config.exists():
        raise ConfigurationError(f"{directory.path} is a bank's own node; import into a directory of its own.")
    directory.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _holding(directory):
        given = _read_genesis(genesis or directory.genesis)
        with closing(_open(directory.chain, given)) as stored:
            if not directory.genesis.exists():
                write_private(directory.genesis, stored.genesis_document() + "\n")
            with _progress("bytes") as tell:
                head = import_file(stored, file, progress=tell)
    click.echo(f"Head: block {head.number}, 0x{head.hash.hex()}.")


@chain.command("split")
@click.option(
    "--to", required=True, type=click.Path(file_okay=False, path_type=Path), help="Data directory for the chain."
)
@settings("data", "password_file")
def split_chain(to: Path, **flags: Any) -> None:
    """Move the chain and its sealing key out of a node's directory into one of their own, for a process of their own.

    The node must not be running. `run --data TO` then runs the chain, and `run --chain URL` the rest of the node.
    """
    config = load_config(flags)
    split(config, DataDirectory(to))
    click.echo(f"The chain is in {to}. Run both: `ledger-node run --data {to}`,")
    click.echo(f"and `ledger-node run --data {config.data} --chain URL` with the address of its JSON-RPC.")


@chain.command("verify")
@click.argument("blocks", type=FILE)
@click.option("--genesis", type=FILE, required=True, help="The network's genesis file.")
@click.option("--statement", type=FILE, help="A member's statement (JSON) to check line by line against the chain.")
@click.option("--address", type=ADDRESS, help="The statement's account on chain, where the file does not name it.")
@click.option("--sign-with", type=FILE, help="Keystore whose key signs the verdict.")
@settings("password_file")
def verify_blocks(
    blocks: Path, genesis: Path, statement: Path | None, address: bytes | None, sign_with: Path | None, **flags: Any
) -> None:
    """Execute a whole history again from genesis, with nothing but the files, and print a verdict.

    Exit status 1 when a block, or a line of the statement, is wrong; the verdict names the first.
    """
    signer = None
    if sign_with is not None:
        password_file = load_config(flags).password_file or str(sign_with.parent / "password")
        signer = open_keystore(sign_with, read_password(Path(password_file)))
    document = None if statement is None else _json(statement)
    if address is not None and isinstance(document, dict):
        document = {**document, "address": f"0x{address.hex()}"}
    with tempfile.TemporaryDirectory(prefix="ledger-node-verify-") as scratch:
        given = _read_genesis(genesis)
        with closing(_open(Path(scratch), given)) as stored:
            backing = TokenBacking(stored, predeployed=contracts_of(given) if isinstance(given, Genesis) else ())
            started = time.monotonic()
            with _counting() as tell:
                verdict = verify(stored, read_blocks(blocks), backing, progress=tell)
            said = verdict.as_json()
            said["tokens"] = [f"0x{token.hex()}" for token in sorted(backing.tokens)]
            passed = verdict.passed
            if document is not None:
                lines, wrong = check_statement(stored, document, lambda token: is_deposit_token(stored.code(token)))
                said["statement"] = {"lines": lines, "wrong": [asdict(line) for line in wrong]}
                passed = passed and not wrong
                said["verdict"] = "valid" if passed else "invalid"
            elapsed = max(time.monotonic() - started, 0.001)
    click.echo(json.dumps(said if signer is None else signed(said, signer), indent=2))
    click.echo(
        f"{verdict.blocks} blocks, {verdict.transactions} transactions and {verdict.transfers} transfers in "
        f"{elapsed:.1f} s: {verdict.blocks / elapsed:.0f} blocks/s, {verdict.transfers / elapsed:.0f} transfers/s.",
        err=True,
    )
    sys.exit(0 if passed else 1)


# FILES AND CHAINS


def _read_genesis(path: Path) -> Genesis | GethGenesis:
    document = _json(path)
    if not isinstance(document, dict):
        raise ConfigurationError(f"{path} is no genesis.")
    return parse_geth_genesis(document) if "config" in document else parse_genesis(document)


def _json(path: Path) -> Any:
    try:
        return read_json(path)
    except FileNotFoundError:
        raise ConfigurationError(f"There is no file {path}.") from None
    except ValueError as error:
        raise ConfigurationError(f"{path} is not JSON: {error}.") from None


def _open(directory: Path, genesis: Genesis | GethGenesis) -> PyEvmChain | ImportedChain:
    if isinstance(genesis, Genesis):
        return open_network(directory, genesis, settings=READING)
    return open_stored_chain(directory, genesis, settings=READING)


@contextmanager
def _holding(directory: DataDirectory) -> Iterator[None]:
    if not directory.path.is_dir():
        raise ConfigurationError(f"There is no data directory {directory.path}.")
    lock = DirectoryLock(directory.path)
    try:
        yield
    finally:
        lock.release()


# PROGRESS


def _bar(*columns: Any) -> Progress:
    return Progress(TextColumn("{task.description}"), *columns, TimeElapsedColumn(), console=Console(stderr=True))


@contextmanager
def _progress(unit: str) -> Iterator[Callable[[int, int], None]]:
    with _bar(BarColumn(), TaskProgressColumn()) as bar:
        task = bar.add_task(unit, total=None)
        yield lambda done, all_: bar.update(task, completed=done, total=all_)


@contextmanager
def _counting() -> Iterator[Callable[[int, int, int], None]]:
    started = time.monotonic()
    with _bar(MofNCompleteColumn()) as bar:
        task = bar.add_task("verified blocks", total=None)

        def tell(blocks: int, _transactions: int, transfers: int) -> None:
            rate = transfers / max(time.monotonic() - started, 0.001)
            bar.update(task, completed=blocks, description=f"verified {transfers} transfers ({rate:.0f}/s), blocks")

        yield tell
