"""Ethereum's forks up to Prague, as far as executing a transaction differs between them.

A network of ours runs the last one with its own computation class; chains made by other clients run them all.
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from eth.vm.computation import BaseComputation
from eth.vm.forks.arrow_glacier.state import ArrowGlacierState
from eth.vm.forks.berlin.state import BerlinState
from eth.vm.forks.byzantium.state import ByzantiumState
from eth.vm.forks.cancun.state import CancunState
from eth.vm.forks.constantinople.state import ConstantinopleState
from eth.vm.forks.frontier.state import FrontierState
from eth.vm.forks.gray_glacier.state import GrayGlacierState
from eth.vm.forks.homestead.state import HomesteadState
from eth.vm.forks.istanbul.state import IstanbulState
from eth.vm.forks.london.state import LondonState
from eth.vm.forks.muir_glacier.state import MuirGlacierState
from eth.vm.forks.paris.state import ParisState
from eth.vm.forks.petersburg.state import PetersburgState
from eth.vm.forks.prague.state import PragueState
from eth.vm.forks.shanghai.state import ShanghaiState
from eth.vm.forks.spurious_dragon.state import SpuriousDragonState
from eth.vm.forks.tangerine_whistle.state import TangerineWhistleState

from ledger_node.chain.blocks import Transaction
from ledger_node.chain.pyevm.creation import BoundedCode, bounded_creations
from ledger_node.chain.pyevm.machine import NetworkComputation, state_class

ETHER = 10**18
BLOB_GAS = 131_072


@dataclass(frozen=True, slots=True)
class Fork:
    """`base` is py-evm's state class. Everything else is what our own steps of a transaction need to know."""

    name: str
    base: Any
    computation: type[BaseComputation]
    create_gas: int = 32_000
    nonzero_byte_gas: int = 68
    selfdestruct_refund: int = 24_000
    refund_divisor: int = 2
    clears_empty_accounts: bool = True
    pays_for_initcode: bool = False
    has_data_floor: bool = False
    keeps_beacon_roots: bool = False
    keeps_block_hashes: bool = False
    has_base_fee: bool = False
    has_withdrawals: bool = False
    has_requests: bool = False
    blob_gas_target: int | None = None
    block_reward: int = 0

    @property
    def state_class(self) -> Any:
        return state_class(self.base)

    def intrinsic_gas(self, transaction: Transaction) -> int:
        zeros = transaction.data.count(0)
        gas = 21_000 + 4 * zeros + self.nonzero_byte_gas * (len(transaction.data) - zeros)
        if transaction.to is None:
            gas += self.create_gas
            if self.pays_for_initcode:
                gas += 2 * ((len(transaction.data) + 31) // 32)
        for _, slots in transaction.access_list or ():
            gas += 2_400 + 1_900 * len(slots)
        return gas + 25_000 * len(transaction.authorization_list or ())

    def floor_gas(self, transaction: Transaction) -> int:
        """What the transaction's data costs at least (EIP-7623)."""
        if not self.has_data_floor:
            return 0
        zeros = transaction.data.count(0)
        return 21_000 + 10 * (zeros + 4 * (len(transaction.data) - zeros))

    def least_gas(self, transaction: Transaction) -> int:
        return max(self.intrinsic_gas(transaction), self.floor_gas(transaction))


def _forks() -> dict[str, Fork]:
    frontier = _fork("frontier", FrontierState, create_gas=0, clears_empty_accounts=False, block_reward=5 * ETHER)
    homestead = _fork("homestead", HomesteadState, clears_empty_accounts=False, block_reward=5 * ETHER)
    tangerine = replace(homestead, name="tangerine_whistle", **_classes(TangerineWhistleState))
    spurious = _fork("spurious_dragon", SpuriousDragonState, block_reward=5 * ETHER)
    forks = [frontier, homestead, tangerine, spurious]
    forks += [_fork("byzantium", ByzantiumState, block_reward=3 * ETHER)]
    forks += [_fork("constantinople", ConstantinopleState, block_reward=2 * ETHER)]
    forks += [_fork("petersburg", PetersburgState, block_reward=2 * ETHER)]
    istanbul = _fork("istanbul", IstanbulState, nonzero_byte_gas=16, block_reward=2 * ETHER)
    forks += [istanbul]
    forks += [replace(istanbul, name=name, **_classes(state)) for name, state in (
        ("muir_glacier", MuirGlacierState), ("berlin", BerlinState),
    )]  # fmt: skip
    london = replace(istanbul, name="london", refund_divisor=5, selfdestruct_refund=0, **_classes(LondonState))
    london = replace(london, has_base_fee=True)
    forks += [london]
    forks += [replace(london, name=name, **_classes(state)) for name, state in (
        ("arrow_glacier", ArrowGlacierState), ("gray_glacier", GrayGlacierState),
    )]  # fmt: skip
    paris = replace(london, name="paris", block_reward=0, **_classes(ParisState))
    shanghai = replace(paris, name="shanghai", pays_for_initcode=True, has_withdrawals=True, **_classes(ShanghaiState))
    cancun = replace(shanghai, name="cancun", keeps_beacon_roots=True, **_classes(CancunState))
    cancun = replace(cancun, blob_gas_target=3 * BLOB_GAS)
    prague = replace(cancun, name="prague", has_data_floor=True, keeps_block_hashes=True, **_classes(PragueState))
    prague = replace(prague, has_requests=True, blob_gas_target=6 * BLOB_GAS)
    forks += [paris, shanghai, cancun, prague]
    return {fork.name: fork for fork in forks}


def _classes(state: Any) -> dict[str, Any]:
    return {"base": state, "computation": _computation(state.computation_class)}


def _fork(name: str, state: Any, **rest: Any) -> Fork:
    return Fork(name=name, **_classes(state), **rest)


@cache
def _computation(plain: Any) -> type[BaseComputation]:
    """The fork's own, without what our steps of a transaction do already."""
    changes: dict[str, Any] = {
        "is_origin_computation": NetworkComputation.is_origin_computation,
        "consume_initcode_gas_cost": classmethod(lambda cls, computation: None),
    }
    changes["opcodes"] = {**plain.opcodes, **bounded_creations(plain.opcodes)}
    return type(plain.__name__, (BoundedCode, plain), changes)


FORKS = _forks()
NETWORK = replace(FORKS["prague"], name="network", computation=NetworkComputation)
"""What a network of ours runs."""
