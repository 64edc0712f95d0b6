"""The network that clients are tried on: its members' permissions decide, and nobody on it has ether.

Three keys everybody knows (`test test … junk`) stand for a developer who may deploy, one who may only transact, and a
stranger whom nobody admitted.
"""

from pathlib import Path

from ledger_node.chain.backend import LocalChain
from ledger_node.chain.genesis import PERMISSIONS, NetworkRules, build_genesis
from ledger_node.chain.pyevm.engine import open_chain
from ledger_node.chain.pyevm.stored import ChainSettings
from ledger_node.clock import Clock, HandSetClock
from ledger_node.keys import LocalSigner
from ledger_node.permissions.genesis import NetworkSetup, genesis_account
from ledger_node.permissions.rules import permissions_at
from tests.networks.anvil import FUNDED_KEYS

CHAIN_ID = 31337
GENESIS_TIME = 1_767_225_600
SEALER = LocalSigner(b"\x07" * 32)
ADMINISTRATOR_KEY = b"\x08" * 32
ADMINISTRATOR = LocalSigner(ADMINISTRATOR_KEY)
DEPLOYER_KEY, TRANSACTOR_KEY, STRANGER_KEY = FUNDED_KEYS
DEPLOYER, TRANSACTOR, STRANGER = (LocalSigner(key).address for key in FUNDED_KEYS)

MAY_NOT_DEPLOY = f"account 0x{TRANSACTOR.hex()} has no right to deploy contracts"
NOT_ADMITTED = f"account 0x{STRANGER.hex()} is not an account of this network"

GENESIS = build_genesis(
    chain_id=CHAIN_ID,
    sealer=SEALER.address,
    timestamp=GENESIS_TIME,
    rules=NetworkRules(permissions=True),
    alloc={
        PERMISSIONS: genesis_account(
            NetworkSetup(
                sealer=SEALER.address,
                operator="Issuer",
                administrators=(ADMINISTRATOR.address,),
                deployers=(DEPLOYER,),
                transactors=(TRANSACTOR,),
            )
        )
    },
)


def open_permissioned_network(
    path: Path, clock: Clock | None = None, settings: ChainSettings | None = None
) -> LocalChain:
    return open_chain(
        path,
        GENESIS,
        sealer=SEALER,
        clock=clock or HandSetClock(),
        settings=settings,
        permissions_at=permissions_at,
    )
