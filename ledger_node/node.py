"""The composition root: builds the rooms of one node, starts and stops them. The only file that knows them all."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ledger_node import storage
from ledger_node.chain.backend import ChainBackend, LocalChain
from ledger_node.chain.genesis import read_genesis
from ledger_node.chain.pyevm.beside import BlocksOnDisk
from ledger_node.chain.pyevm.engine import ChainSettings, PyEvmChain, open_chain
from ledger_node.chain.pyevm.mempool import PoolLimits
from ledger_node.chain.pyevm.rules import everyone
from ledger_node.chain.remote import open_remote
from ledger_node.chain_node import attestor, token_backing
from ledger_node.clock import Clock, SystemClock
from ledger_node.config import Config
from ledger_node.data_directory import DataDirectory, DirectoryLock
from ledger_node.database import Database
from ledger_node.doors import gateway_door, keep_open, rpc_door, rpc_settings
from ledger_node.follower.follower import Follower
from ledger_node.follower.source import Source
from ledger_node.gateway.app import create_app
from ledger_node.keys import KeystoreVault, LocalSigner, open_keystore, read_password
from ledger_node.permissions.rules import permissions_at
from ledger_node.rpc.app import RpcApp, create_rpc_app
from ledger_node.settlement.assurance.audit import AuditReport, audit
from ledger_node.settlement.assurance.deep_audit import Altered, DeepReport, deep_audit
from ledger_node.settlement.engine import Settings, SettlementEngine
from ledger_node.settlement.model import Policy
from ledger_node.settlement.onchain import signing_keys
from ledger_node.settlement.onchain.deployment import Signers

log = logging.getLogger(__name__)

INSPECTION_PATIENCE_S = 0.5
"""How long a start waits for the pages of both stores to be looked at; beyond that it goes on beside the payments."""


class Node:
    """One node on one data directory. `open`, `start`, then `close`."""

    def __init__(
        self, config: Config, directory: DataDirectory, lock: DirectoryLock, chain: ChainBackend, database: Database,
        settlement: SettlementEngine,
    ) -> None:  # fmt: skip
        self.config = config
        self.directory = directory
        self.chain = chain
        self.database = database
        self.settlement = settlement
        self._lock = lock
        self._follower = self._follow() if config.follow and isinstance(chain, PyEvmChain) else None
        settlement.chain_in_doubt = self._chain_in_doubt
        settlement.more_reasons = self._chain_reasons
        if isinstance(chain, PyEvmChain):
            chain.tell_faults_to(settlement.stop_for)
        self._inspection = storage.Inspection(_stores(config, directory), on_damage=settlement.stop_for)

    def _follow(self) -> Follower:
        """Takes blocks from another node when another key seals, and hands it what waits here."""
        assert isinstance(self.chain, PyEvmChain)
        return Follower(
            self.chain,
            Source(self.config.follow),
            evidence=self.directory.path / "evidence",
            backing=token_backing(self.directory, self.chain),
            clock=SystemClock(),
            attestor=attestor(self.config, self.chain),
        )

    def _chain_in_doubt(self) -> str | None:
        """Why money must not move on this chain: blocks sealed here are missing from it, or the chain that is followed
        is not what executing it gives. A follower's difference is no doubt about blocks which this node seals itself.
        """
        if not isinstance(self.chain, PyEvmChain):
            return None
        status = None if self._follower is None else self._follower.status
        if status is not None and status.stands_still and not self.chain.may_seal:
            return f"The chain of {self.config.follow} is not followed any further: {status.reason}"
        return self.chain.withheld

    def _chain_reasons(self) -> list[str]:
        if not isinstance(self.chain, PyEvmChain) or self._chain_in_doubt() is not None:
            return []  # which closes the doors, and is a reason by that
        follower = self._follower
        if follower is not None and not follower.status.ready and not self.chain.may_seal:
            return [f"follower: {follower.status.reason or follower.status.phase}"]
        if self.config.produce and follower is None and not self.chain.may_seal and self.chain.fault is None:
            return ["Another key seals this network now; name its node in the setting `follow`."]
        return []

    @classmethod
    def open(cls, config: Config, clock: Clock | None = None) -> "Node":
        """Raises ConfigurationError when the directory is not initialised, is held, or does not fit."""
        clock = clock or SystemClock()
        directory = DataDirectory(config.data)
        directory.require()
        lock = DirectoryLock(directory.path)
        try:
            database = Database(config.ledger_url)
            database.require_ledger()
            database.migrate()
            chain = _open_chain(config, directory, clock)
            vault = KeystoreVault(directory.keys, config.password_path)
            with database.read() as connection:
                keystores = signing_keys.keystores(connection)
            signers = Signers(**{office: vault.open(name) for office, name in keystores.items()})
            settlement = SettlementEngine(database, chain, signers, vault, clock, _settings(config))
        except BaseException:
            lock.release()
            raise
        return cls(config, directory, lock, chain, database, settlement)

    def start(self) -> None:
        """Start the threads; returns when book and chain have been brought together (or the chain is away).

        Raises StorageFailed when a store is damaged, if that is seen at once; what is seen later shuts the doors.
        """
        self._inspection.begin(INSPECTION_PATIENCE_S)
        self.settlement.start()
        if self._follower is not None:
            self._follower.start()

    def gateway_app(self) -> Any:
        """The ASGI application for member banks and the operator."""
        config = self.config
        return create_app(
            self.settlement, body_max_bytes=config.body_max_bytes, bulk_body_max_bytes=config.bulk_body_max_bytes,
            wait_max_s=config.wait_max_s, answer_within_s=config.answer_within_s, rate_per_key=config.rate_per_key,
            rate_per_address=config.rate_per_address, rate_window_s=config.rate_window_s,
        )  # fmt: skip

    def rpc_app(self) -> RpcApp | None:
        """The ASGI application for developers; None when the chain is another client's, which has a door of its own."""
        if self.config.chain:
            return None
        local: LocalChain = self.chain  # type: ignore[assignment]
        return create_rpc_app(local, settings=rpc_settings(self.config))

    def close(self) -> None:
        """Finish what is queued and the block in hand, then give the directory back."""
        if self._follower is not None:
            self._follower.stop()
        self._inspection.stop()
        self.settlement.stop()
        self.chain.close()
        self.database.close()
        self._lock.release()

    @staticmethod
    def audit(config: Config) -> AuditReport:
        """Compare book and chain of a data directory, whether its node runs or not. Changes nothing."""
        directory = DataDirectory(config.data)
        directory.require()
        database = Database(config.ledger_url)
        try:
            database.require_current_schema()
            with _chain_for_reading(config, directory) as chain:
                return audit(database, chain)
        finally:
            database.close()

    @staticmethod
    def deep_audit(config: Config, *, on_progress: Callable[[int, int], None]) -> DeepReport:
        """Read again all that the ledger has recorded, whether the node runs or not. Changes nothing."""
        directory = DataDirectory(config.data)
        directory.require()
        database = Database(config.ledger_url)
        try:
            database.require_current_schema()
            with _chain_for_reading(config, directory) as chain:
                report = deep_audit(database, chain, on_progress=on_progress)
        finally:
            database.close()
        return report if config.chain or not report.passed else _with_blocks(report, directory)


def _with_blocks(report: DeepReport, directory: DataDirectory) -> DeepReport:
    """The stored blocks too, whether a node makes more of them meanwhile or not."""
    looked_at = 0
    with closing(BlocksOnDisk(directory.chain)) as blocks:
        for number, field in enumerate(blocks.altered_fields()):
            looked_at = number + 1
            if field is not None:
                detail = f"Block {number} of the stored chain was altered: not so as its header has it: {field}."
                return replace(report, blocks=looked_at, altered=Altered("block", str(number), 0, detail))
    return replace(report, blocks=looked_at)


@contextmanager
def _chain_for_reading(config: Config, directory: DataDirectory) -> Iterator[ChainBackend]:
    """The running node's chain through its RPC door, or the stored one when no node runs."""
    running = directory.running_node()
    if running is None:
        lock = DirectoryLock(directory.path)
        try:
            chain = _open_chain(
                config.model_copy(update={"produce": False, "call_workers": 0}), directory, SystemClock()
            )
            try:
                yield chain
            finally:
                chain.close()
        finally:
            lock.release()
        return
    chain = open_remote(config.chain or running["rpc"])
    try:
        yield chain
    finally:
        chain.close()


def _open_chain(config: Config, directory: DataDirectory, clock: Clock) -> ChainBackend:
    if config.chain:
        return open_remote(config.chain, confirmations=config.confirmations)
    genesis = read_genesis(directory.genesis)
    return open_chain(
        directory.chain,
        genesis,
        permissions_at=permissions_at if genesis.rules.permissions else everyone,
        sealer=_signer(config, directory, "sealer") if config.produce else None,
        clock=clock,
        settings=ChainSettings(
            produce=config.produce,
            interval_s=config.block_interval_s or None,
            confirming_blocks=config.confirming_blocks,
            fast_interpreter=config.interpreter == "fast",
            block_budget_ms=config.block_budget_ms,
            call_workers=config.call_workers,
            call_timeout_s=config.call_timeout_s,
            call_gas_max=config.call_gas_max,
            pool=PoolLimits(waiting_max=config.mempool_max),
        ),
    )


def _stores(config: Config, directory: DataDirectory) -> list[Path]:
    """The files that SQLite keeps for this node."""
    ledger = [] if config.database_url else [directory.path / "ledger.sqlite"]
    return ledger if config.chain else [*ledger, directory.chain / "chain.sqlite"]


def _signer(config: Config, directory: DataDirectory, name: str) -> LocalSigner:
    password = read_password(config.password_path)
    return open_keystore(directory.keystore(name), password)


def _settings(config: Config) -> Settings:
    return Settings(
        currencies=config.currencies,
        batch_operations_max=config.batch_operations_max,
        writer_waiting_max=config.writer_waiting_max,
        policy=Policy(
            config.four_eyes,
            config.four_eyes_fiat_above,
            config.approval_expires_s * 1000,
            config.netting_expires_s * 1000,
            config.netting_queued_max,
        ),
        netting_interval_ms=round(config.netting_interval_s * 1000),
    )


# SERVING


async def serve(config: Config) -> None:
    """Run a node until SIGTERM or SIGINT: doors close first, then the writer and the block in hand end."""
    node = await asyncio.to_thread(Node.open, config)
    rpc_app: RpcApp | None = None
    try:
        doors = {"gateway": gateway_door(node.gateway_app(), config)}
        if (rpc_app := node.rpc_app()) is not None:
            doors["rpc"] = rpc_door(rpc_app, config)
        await asyncio.to_thread(node.start)
        await keep_open(node.directory, doors)
    finally:
        if rpc_app is not None:
            await asyncio.to_thread(rpc_app.close)
        await asyncio.to_thread(node.close)
        log.info("stopped")
