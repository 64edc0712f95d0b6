"""A node without a gateway: a chain, its JSON-RPC door, and, where it follows another node, the follower.

The second composition root: it knows the rooms a bank's node has beyond these as little as a follower does. Its data
directory has no ledger and no config.toml: `ledger-node follow` or `ledger-node chain import` made it.
"""

import asyncio
import logging
from pathlib import Path
from typing import Any

from ledger_node.chain.blocks import Address
from ledger_node.chain.errors import GenesisMismatch
from ledger_node.chain.genesis import Genesis, parse_genesis, read_genesis
from ledger_node.chain.pyevm.engine import ChainSettings, PyEvmChain, open_chain, open_stored_chain
from ledger_node.chain.pyevm.imported import ImportedChain
from ledger_node.chain.pyevm.mempool import PoolLimits
from ledger_node.chain.pyevm.rules import everyone
from ledger_node.clock import SystemClock
from ledger_node.config import Config
from ledger_node.data_directory import DataDirectory, DirectoryLock, write_private
from ledger_node.deposit_token.backing import TokenBacking
from ledger_node.doors import Door, keep_open, rpc_door, rpc_settings
from ledger_node.errors import ConfigurationError
from ledger_node.follower.evidence import Difference
from ledger_node.follower.follower import Follower
from ledger_node.follower.probes import with_probes
from ledger_node.follower.source import Source
from ledger_node.keys import LocalSigner, create_keystore, new_password, open_keystore, read_password
from ledger_node.permissions.rules import permissions_at
from ledger_node.rpc.app import create_rpc_app

log = logging.getLogger(__name__)

HALTED = 3
"""Exit status of a follower that found a difference."""


# OPENING


def open_network(
    directory: Path, genesis: Genesis, *, sealer: LocalSigner | None = None, settings: ChainSettings
) -> PyEvmChain:
    """A chain of ours, with the permissions that its genesis asks for."""
    return open_chain(
        directory,
        genesis,
        permissions_at=permissions_at if genesis.rules.permissions else everyone,
        sealer=sealer,
        settings=settings,
    )


def chain_settings(config: Config, *, transactions_to: str = "") -> ChainSettings:
    return ChainSettings(
        produce=config.produce,
        interval_s=config.block_interval_s or None,
        confirming_blocks=config.confirming_blocks,
        fast_interpreter=config.interpreter == "fast",
        block_budget_ms=config.block_budget_ms,
        call_workers=config.call_workers,
        call_timeout_s=config.call_timeout_s,
        call_gas_max=config.call_gas_max,
        pool=PoolLimits(waiting_max=config.mempool_max),
        transactions_to=transactions_to,
    )


def _open_any(config: Config, directory: DataDirectory) -> PyEvmChain | ImportedChain:
    """Whatever chain lies in the directory: another client's to be read, or ours, sealed on if the key is here."""
    if not (directory.chain / "chain.sqlite").is_file():
        directory.require()
    chain = open_stored_chain(directory.chain, settings=chain_settings(config))
    if not isinstance(chain, PyEvmChain):
        return chain
    genesis = chain.rules.genesis
    chain.close()
    return open_network(
        directory.chain, genesis, sealer=keystore(config, "sealer") if config.produce else None,
        settings=chain_settings(config),
    )  # fmt: skip


def contracts_of(genesis: Genesis) -> list[tuple[Address, bytes]]:
    """Address and code of every contract that the genesis puts there."""
    return [(address, account.code) for address, account in genesis.alloc.items() if account.code]


# KEYS


def keystore(config: Config, name: str) -> LocalSigner | None:
    """The key in DIR/keys, if there is one."""
    path = DataDirectory(config.data).keystore(name)
    if not path.exists():
        return None
    return open_keystore(path, read_password(config.password_path))


def make_key(config: Config, name: str) -> LocalSigner:
    """A new key in DIR/keys. Raises ConfigurationError when there is one."""
    directory = DataDirectory(config.data)
    if directory.keystore(name).exists():
        raise ConfigurationError(f"{directory.keystore(name)} is there already; nothing was changed.")
    directory.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not config.password_path.exists():
        write_private(config.password_path, new_password() + "\n")
    return create_keystore(directory.keystore(name), read_password(config.password_path))


# FOLLOWING


def genesis_to_follow(source: Source, given: Path | None, directory: DataDirectory) -> tuple[Genesis, str]:
    """The network's genesis and where it is from: the file given, else the directory's own, else the source's word.

    Raises GenesisMismatch when the source is on another network, or gives a hash that is not its genesis's.
    """
    their_hash, document = source.genesis()
    if given is not None:
        genesis, origin = read_genesis(given), str(given)
    elif directory.genesis.exists():
        genesis, origin = read_genesis(directory.genesis), str(directory.genesis)
    else:
        genesis, origin = parse_genesis(document), source.url
    if genesis.header().hash != their_hash:
        raise GenesisMismatch(
            f"The genesis from {origin} is 0x{genesis.header().hash.hex()}, {source.url} says 0x{their_hash.hex()}."
        )
    return genesis, origin


def token_backing(directory: DataDirectory, chain: PyEvmChain) -> TokenBacking:
    return TokenBacking(chain, directory.path / "backing.json", predeployed=contracts_of(chain.rules.genesis))


def attestor(config: Config, chain: PyEvmChain) -> LocalSigner | None:
    """The key that attests blocks, if there is one and the genesis names it."""
    signer = keystore(config, "follower")
    if signer is not None and signer.address not in chain.rules.attestors:
        log.warning("0x%s is none of the network's attestors: it signs nothing", signer.address.hex())
        return None
    return signer


class Following:
    """A node that follows another one. `open`, then `serve`."""

    def __init__(
        self, config: Config, directory: DataDirectory, chain: PyEvmChain, source: Source, *, exit_on_difference: bool
    ) -> None:
        self._config = config
        self._directory = directory
        self._chain = chain
        self._source = source
        self._exit_on_difference = exit_on_difference
        self._fault: BaseException | None = None
        self._door: Door | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._backing = token_backing(directory, chain)
        self._follower = Follower(
            chain,
            source,
            evidence=directory.path / "evidence",
            backing=self._backing,
            clock=SystemClock(),
            attestor=attestor(config, chain),
            on_halt=self._halted,
            on_fault=self._faulted,
        )

    async def serve(self) -> int:
        """Until a signal, or, if so asked, the first difference; returns the exit status."""
        self._loop = asyncio.get_running_loop()
        app = with_probes(create_rpc_app(self._chain, settings=rpc_settings(self._config)), self._report)
        self._door = rpc_door(app, self._config)
        self._follower.start()
        try:
            await keep_open(self._directory, {"rpc": self._door})
        finally:
            await asyncio.to_thread(self._close)
        if self._fault is not None:
            raise self._fault
        return HALTED if self._follower.status.difference is not None else 0

    def _close(self) -> None:
        self._follower.stop()
        self._backing.remember()
        self._chain.close()

    def _report(self) -> tuple[bool, dict[str, Any]]:
        status = self._follower.status
        head = self._chain.head()
        said: dict[str, Any] = {
            "reasons": [] if status.ready else [status.reason or status.phase],
            "status": status.phase,
            "source": self._source.url,
            "head": head.number,
            "hash": f"0x{head.hash.hex()}",
            "finalized": self._chain.header("finalized").number,
            "source_head": status.source_head,
        }
        if status.difference is not None:
            said["difference"] = status.difference.as_json()
        return status.ready, said

    def _halted(self, difference: Difference) -> None:
        if self._exit_on_difference:
            self._leave()

    def _faulted(self, fault: BaseException) -> None:
        self._fault = fault
        self._leave()

    def _leave(self) -> None:
        assert self._loop is not None and self._door is not None
        self._loop.call_soon_threadsafe(setattr, self._door, "should_exit", True)


async def follow(config: Config, url: str, *, genesis: Path | None, exit_on_difference: bool) -> int:
    """Follow the node at `url` from an empty directory or from where it was left; returns the exit status."""
    directory = DataDirectory(config.data)
    if directory.config.exists():
        raise ConfigurationError(f"{directory.path} is a bank's own node; give the follower a directory of its own.")
    directory.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = DirectoryLock(directory.path)
    try:
        source = Source(url)
        network, origin = await asyncio.to_thread(genesis_to_follow, source, genesis, directory)
        log.info("genesis", extra={"hash": f"0x{network.header().hash.hex()}", "from": origin})
        sealer = keystore(config, "sealer")
        settings = chain_settings(config, transactions_to="" if sealer else url)
        chain = await asyncio.to_thread(open_network, directory.chain, network, sealer=sealer, settings=settings)
        write_private(directory.genesis, chain.genesis_document() + "\n")
        return await Following(config, directory, chain, source, exit_on_difference=exit_on_difference).serve()
    finally:
        lock.release()


# SERVING A CHAIN THAT IS THERE


async def serve_chain(config: Config) -> None:
    """The JSON-RPC door over a chain without a ledger: imported, or followed before."""
    directory = DataDirectory(config.data)
    lock = DirectoryLock(directory.path)
    try:
        chain = await asyncio.to_thread(_open_any, config, directory)
        try:
            app = with_probes(create_rpc_app(chain, settings=rpc_settings(config)), lambda: _standing(chain))
            door = rpc_door(app, config)
            await keep_open(directory, {"rpc": door})
        finally:
            await asyncio.to_thread(chain.close)
    finally:
        lock.release()


def _standing(chain: PyEvmChain | ImportedChain) -> tuple[bool, dict[str, Any]]:
    reason = getattr(chain, "withheld", None) or (None if chain.fault is None else str(chain.fault))
    return reason is None, {"reasons": [] if reason is None else [reason], "head": chain.head().number}
