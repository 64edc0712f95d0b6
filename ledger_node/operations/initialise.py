"""`ledger-node init`: everything a node needs before its first start, written once.

The chain is not touched: tokens are deployed and accounts put on their registers by the first `run`, on whichever
engine the settings name. `config.toml` is written last, when all else is durable, so a directory where `init` was cut
off, by a loss of power too, is no node's.
"""

import json
import os
from typing import Any

import sqlalchemy as sa

from ledger_node.access.model import Caller
from ledger_node.chain.genesis import PERMISSIONS, Genesis, NetworkRules, build_genesis
from ledger_node.chain.tool_contracts import TOOL_CONTRACTS
from ledger_node.clock import Clock, SystemClock
from ledger_node.config import Config
from ledger_node.data_directory import KEY_NAMES, DataDirectory, DirectoryLock, make_durable, write_private
from ledger_node.database import Database, metadata
from ledger_node.errors import ConfigurationError, StorageUnavailable
from ledger_node.gateway.credentials import KeyRing
from ledger_node.keys import create_keystore, new_password, read_password
from ledger_node.permissions.genesis import NetworkSetup, genesis_account
from ledger_node.settlement.parties.accounts import Accounts
from ledger_node.settlement.parties.members import Members
from ledger_node.writer import Writer

SAMPLE_BANKS = (
    ("ALBKUS33XXX", "549300ALBIONBANK0136", "Albion Bank, N.A."),
    ("BRVADEFFXXX", "529900BRAVAKREDI0289", "Brava Kreditbank AG"),
    ("CEDRJPJTXXX", "353800CEDARTRUST0338", "Cedar Trust Bank, Ltd."),
)
"""BIC, LEI and legal name of the banks that `--sample` admits; invented, with valid check digits."""


def initialise(
    config: Config, *, chain_id: int, sample: bool, permissioned: bool = True, attestors: tuple[bytes, ...] = (),
    quorum: int | None = None, tool_contracts: bool = False, clock: Clock | None = None,
) -> None:  # fmt: skip
    """With `permissioned` off, anybody may transact and deploy on the network, for ever.

    `attestors`: whose followers make blocks final, `quorum` of them (two thirds if None). `tool_contracts`: with those
    that development tools expect.
    Raises ConfigurationError when the directory is a node's already, or holds the remains of an `init` cut off, or the
    database is a ledger's already: nothing was changed then."""
    clock = clock or SystemClock()
    directory = DataDirectory(config.data)
    _require_empty(directory)
    _require_unused_ledger(config)
    if config.password_path.exists():
        read_password(config.password_path)  # one that holds no password is refused before anything is made
    directory.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = DirectoryLock(directory.path)
    try:
        _require_empty(directory)
        addresses = _write_keys(config, directory)
        genesis = _genesis(addresses, chain_id, permissioned, clock, attestors=attestors, quorum=quorum,
                           tool_contracts=tool_contracts)  # fmt: skip
        write_private(directory.genesis, json.dumps(genesis.to_json(), indent=2) + "\n")
        write_private(directory.credentials, json.dumps(_credentials(config, clock, sample=sample), indent=2) + "\n")
        make_durable(directory.path.parent)
        write_private(directory.config, _config_toml(config))
    finally:
        lock.release()


def _require_empty(directory: DataDirectory) -> None:
    if directory.config.exists():
        raise ConfigurationError(f"{directory.path} is a node's data directory already; nothing was changed.")
    remains = [path.name for path in (directory.genesis, directory.credentials, directory.keys) if path.exists()]
    if remains:
        raise ConfigurationError(
            f"{directory.path} holds {', '.join(remains)} of an init that did not complete; remove them and try again."
        )


def _require_unused_ledger(config: Config) -> None:
    """A ledger belongs to the directory with its keys and its chain; a second one could only do it harm."""
    try:
        database = Database(config.ledger_url)
    except (sa.exc.ArgumentError, ImportError):
        raise ConfigurationError("setting 'database_url': this names no database that is known here.") from None
    try:
        if database.file is not None and not database.file.exists():
            return  # to look would make it
        with database.engine.connect() as connection:
            used = {"alembic_version", *metadata.tables}.intersection(sa.inspect(connection).get_table_names())
    except sa.exc.DBAPIError as error:
        raise ConfigurationError(f"The ledger database cannot be read ({error.orig}); nothing was changed.") from None
    except StorageUnavailable as trouble:
        raise ConfigurationError(f"Nothing was changed: {trouble.detail}") from None
    finally:
        database.close()
    if used:
        raise ConfigurationError(
            f"{database.engine.url.render_as_string()} holds a ledger already; nothing was changed. "
            "Name an empty database, or start the node on the data directory that this ledger belongs to."
        )


def _genesis(
    addresses: dict[str, bytes], chain_id: int, permissioned: bool, clock: Clock, *, attestors: tuple[bytes, ...],
    quorum: int | None, tool_contracts: bool,
) -> Genesis:  # fmt: skip
    """The operator's keys are on the network from its first block: the network key votes, the admin key deploys, the
    settlement key transacts. Everybody else is admitted by vote.

    The network key is for people (`ledger-node network`): the nonces of the other two are counted by the outbox."""
    setup = NetworkSetup(
        sealer=addresses["sealer"],
        operator="operator",
        administrators=(addresses["network"],),
        deployers=(addresses["admin"],),
        transactors=(addresses["settlement"],),
    )
    return build_genesis(
        chain_id=chain_id,
        sealer=addresses["sealer"],
        timestamp=clock.now_ms() // 1000,
        alloc={PERMISSIONS: genesis_account(setup)} | (TOOL_CONTRACTS if tool_contracts else {}),
        rules=NetworkRules(permissions=permissioned),
        attestors=attestors,
        quorum=quorum,
    )


def _write_keys(config: Config, directory: DataDirectory) -> dict[str, bytes]:
    directory.keys.mkdir(mode=0o700)
    if not config.password_path.exists():
        write_private(config.password_path, new_password() + "\n")
    password = read_password(config.password_path)
    return {name: create_keystore(directory.keystore(name), password).address for name in KEY_NAMES}


def _credentials(config: Config, clock: Clock, *, sample: bool) -> dict[str, Any]:
    database = Database(config.ledger_url)
    try:
        database.migrate()
        writer = Writer(database)
        writer.start()
        try:
            return _Founding(config, clock, database, writer).credentials(sample=sample)
        finally:
            writer.stop()
    finally:
        database.close()


class _Founding:
    """Makes the first API keys and the sample banks, with the same functions that the gateway calls."""

    def __init__(self, config: Config, clock: Clock, database: Database, writer: Writer) -> None:
        self._currencies = config.currencies
        self._writer = writer
        self._keys = KeyRing(database, clock)
        self._members = Members(writer, clock)
        self._accounts = Accounts(writer, clock, currencies=frozenset(config.currencies))
        self._operator = Caller(id="init", scope="operator")

    def credentials(self, *, sample: bool) -> dict[str, Any]:
        _, secret = self._writer.run(
            lambda connection: self._keys.create(connection, scope="operator", member_id=None, name="init")
        )
        banks = SAMPLE_BANKS if sample else ()
        return {"operator": {"api_key": secret}, "members": [self._admit(*bank) for bank in banks]}

    def _admit(self, bic: str, lei: str, legal_name: str) -> dict[str, Any]:
        member = self._members.admit(self._operator, bic=bic, lei=lei, legal_name=legal_name).result()
        self._members.activate(self._operator, member.id).result()
        accounts = [
            self._accounts.open(self._operator, member.id, kind=kind, currency=code).result()
            for code in self._currencies
            for kind in ("DDA", "BDA")
        ]
        _, secret = self._writer.run(
            lambda connection: self._keys.create(connection, scope="member", member_id=member.id, name="init")
        )
        return {
            "bic": bic,
            "api_key": secret,
            "accounts": [{"id": a.id, "kind": a.kind, "currency": a.currency} for a in accounts],
        }


def _config_toml(config: Config) -> str:
    lines = [
        "# Settings of this node; see docs/reference/settings.md. Flags and LEDGER_… variables come first.",
        f"currencies = {json.dumps(list(config.currencies))}",
    ]
    if config.chain:
        lines.append(f"chain = {json.dumps(config.chain)}")
    if config.database_url:
        lines.append(f"database_url = {json.dumps(config.database_url)}")
    return os.linesep.join(lines) + os.linesep
