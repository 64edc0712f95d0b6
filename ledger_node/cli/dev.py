"""`ledger-node dev`: a chain for one developer, gone when it stops. It knows no ledger and no member."""

import secrets
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from eth_account import Account

from ledger_node.chain.genesis import GenesisAccount, build_genesis
from ledger_node.chain.pyevm.dev import open_dev_chain
from ledger_node.chain.pyevm.stored import ChainSettings
from ledger_node.chain.tool_contracts import TOOL_CONTRACTS
from ledger_node.cli.flags import settings
from ledger_node.clock import SystemClock
from ledger_node.config import Config, load_config
from ledger_node.data_directory import DataDirectory
from ledger_node.doors import keep_open, rpc_door, rpc_settings, run_loop
from ledger_node.keys import LocalSigner
from ledger_node.logs import write_logs
from ledger_node.rpc.app import create_rpc_app
from ledger_node.rpc.signing import MNEMONIC, dev_keys

FUNDS_WEI = 10_000 * 10**18


@click.command()
@click.option(
    "--chain-id", type=click.IntRange(1, 2**53 - 1), default=31337, show_default=True, help="EIP-155 chain id."
)
@settings("rpc_host", "rpc_port", "rpc_cors_origins", "block_interval_s", "interpreter", "log_level")
def dev(chain_id: int, **flags: Any) -> None:
    """Run a throwaway chain for one developer: ten funded accounts, and the `anvil_`, `hardhat_` and `evm_` methods.

    Anybody may do anything on it: the keys are printed, and known to everybody. Nothing is kept when it stops.
    """
    directory = Path(tempfile.mkdtemp(prefix="ledger-node-dev-"))
    try:
        config = load_config({**flags, "data": directory})
        write_logs(config.log_level)
        run_loop(_serve(config, chain_id))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


async def _serve(config: Config, chain_id: int) -> None:
    keys = dev_keys()
    accounts = [Account.from_key(key).address for key in keys]
    sealer, clock = LocalSigner(secrets.token_bytes(32)), SystemClock()
    genesis = build_genesis(
        chain_id=chain_id,
        sealer=sealer.address,
        timestamp=clock.now_ms() // 1000,
        alloc=TOOL_CONTRACTS | {bytes.fromhex(account[2:]): GenesisAccount(balance=FUNDS_WEI) for account in accounts},
    )
    chain_settings = ChainSettings(
        interval_s=config.block_interval_s or None, fast_interpreter=config.interpreter == "fast"
    )
    chain = open_dev_chain(config.data / "chain", genesis, sealer=sealer, clock=clock, settings=chain_settings)
    app = create_rpc_app(chain, settings=replace(rpc_settings(config), profile="dev", dev_keys=keys), clock=clock)
    try:
        door = rpc_door(app, config)
        click.echo(_welcome(accounts, keys, chain_id, door.url))
        await keep_open(DataDirectory(config.data), {"rpc": door})
    finally:
        app.close()
        chain.close()


def _welcome(accounts: list[str], keys: tuple[bytes, ...], chain_id: int, url: str) -> str:
    numbered = [f"({number}) {account}" for number, account in enumerate(accounts)]
    private = [f"({number}) 0x{key.hex()}" for number, key in enumerate(keys)]
    lines = ["Available Accounts (10000 ETH each)", *numbered, "", "Private Keys", *private, ""]
    lines += [f"Mnemonic:  {MNEMONIC}", f"Chain ID:  {chain_id}", "Gas:       free", "", f"Listening on {url}"]
    return "\n".join(lines)
