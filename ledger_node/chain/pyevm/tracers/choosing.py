"""Which tracer a configuration asks for, put in place on a state."""

from typing import Any

from ledger_node.chain.inspection import TraceConfig
from ledger_node.chain.pyevm.forks import Fork
from ledger_node.chain.pyevm.recording import RecordingWorld
from ledger_node.chain.pyevm.tracers.frames import CallTracer
from ledger_node.chain.pyevm.tracers.prestate import PrestateTracer
from ledger_node.chain.pyevm.tracers.steps import StructLogger
from ledger_node.chain.pyevm.tracers.watching import Tracer


def recording(state: Any) -> Any:
    """The state on a world that remembers what was looked at, as the prestate tracer needs it."""
    world = state.world
    state.world = state._account_db = RecordingWorld(world._root, world._read, world._read_code)
    return state


def tracer(config: TraceConfig, fork: Fork, state: Any) -> Tracer:
    """The tracer, attached to a `recording` state."""
    if config.tracer == "prestate":
        return PrestateTracer(config, fork, state.world).attached(state)
    return (CallTracer if config.tracer == "call" else StructLogger)(config, fork).attached(state)
