"""Random programs end on the fast machine exactly as on py-evm."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.interpreter.machine import EAGER, FAST, MAIN, NETWORK, OTHER, World, assert_same, gas_steps
from tests.interpreter.programs import ANY_OPCODE, programs

pytestmark = pytest.mark.filterwarnings(
    "ignore:SELFDESTRUCT opcode present:DeprecationWarning"
)  # py-evm says so each time

SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large]
PHASES = [Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink]  # explaining a failure traces every line of py-evm
RELAXED = settings(deadline=None, suppress_health_check=SLOW_IS_FINE, phases=PHASES)
FEW = settings(RELAXED, max_examples=25)
CALLDATA = st.one_of(st.just(b""), st.just(bytes(32)), st.binary(max_size=70))
STORAGE = {MAIN: {0: 1, 1: 2}, OTHER: {0: 5}}


@RELAXED
@given(programs(), programs(max_blocks=2), CALLDATA)
def test_programs_that_call_each_other_end_the_same(code: bytes, other: bytes, data: bytes) -> None:
    world = World({MAIN: code, OTHER: other}, STORAGE)
    assert_same(world, {"data": data}, {"data": data, "gas": 3_000}, {"data": data, "value": 2})


@RELAXED
@given(programs(), programs(max_blocks=2), CALLDATA)
def test_programs_end_the_same_on_our_own_world_state(code: bytes, other: bytes, data: bytes) -> None:
    world = World({MAIN: code, OTHER: other}, STORAGE)
    assert_same(world, {"data": data}, {"data": data}, {"data": data, "value": 2}, computation_class=NETWORK)


@RELAXED
@given(programs(), CALLDATA)
def test_programs_end_the_same_while_they_become_hot(code: bytes, data: bytes) -> None:
    world = World({MAIN: code, OTHER: code}, STORAGE)
    assert_same(world, *[{"data": data, "gas": 20_000}] * 12, computation_class=FAST)


@FEW
@given(programs(with_calls=False, max_blocks=3))
def test_small_programs_run_out_of_gas_at_the_same_point_for_every_limit(code: bytes) -> None:
    world = World({MAIN: code}, STORAGE)
    limits = [limit for limit in gas_steps(world, {"gas": 30_000}) if limit <= 30_000][:120]
    assert_same(world, *[{"gas": limit} for limit in limits])


@RELAXED
@given(st.lists(ANY_OPCODE, max_size=60).map(bytes), CALLDATA)
def test_arbitrary_bytes_end_the_same(code: bytes, data: bytes) -> None:
    world = World({MAIN: code, OTHER: code}, STORAGE)
    assert_same(world, {"data": data}, {"data": data, "gas": 500}, computation_class=EAGER)
