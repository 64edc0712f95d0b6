"""What a trace is asked for with: geth's options and tracers out of JSON, and the answer in the shape they ask for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias

from ledger_node.chain.inspection import NO_OVERRIDES, CallFrame, Overrides, Trace, TraceConfig, Tracer
from ledger_node.rpc.callargs import block_override, state_overrides
from ledger_node.rpc.flatjson import geth_traces, selectors
from ledger_node.rpc.parse import Parser, boolean, fields, member, shown, text, within
from ledger_node.rpc.tracejson import trace_json

Shape: TypeAlias = Literal["own", "flat", "selectors", "nothing"]
"""How a trace is shown: as the tracer made it, or what else geth makes of the same frames."""

STEPS: Tracer = "struct"
MUX = "muxTracer"
TRACERS: dict[str, tuple[Tracer, Shape]] = {
    "callTracer": ("call", "own"), "prestateTracer": ("prestate", "own"), "flatCallTracer": ("call", "flat"),
    "4byteTracer": ("call", "selectors"), "noopTracer": ("call", "nothing"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """`parts`: the tracers of a `muxTracer`, under their names; then the config is not used."""

    config: TraceConfig
    overrides: Overrides = NO_OVERRIDES
    shape: Shape = "own"
    parity_errors: bool = False
    precompiled: bool = False
    parts: Mapping[str, "Asked"] = field(default_factory=dict)


OPTIONS = (
    "tracer", "tracerConfig", "enableMemory", "disableStack", "disableStorage", "enableReturnData", "limit",
    "stateOverrides", "blockOverrides",
    # These do nothing: the node has limits of its own, and geth, too, takes the last three and leaves them.
    "timeout", "reexec", "debug", "disableMemory", "disableReturnData",
)  # fmt: skip
TRACER_OPTIONS = (
    "onlyTopCall", "withLog", "diffMode", "disableCode", "disableStorage", "convertParityErrors", "includePrecompiles",
)  # fmt: skip


def named(given: dict[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
    """The members under their names, in whatever case they came: geth's own client writes some as Go does."""
    names = {name.lower(): name for name in known}
    for name in given:
        if name.lower() not in names:
            raise ValueError(f"unknown option {shown(name)}; known are {', '.join(known)}")
    return {names[name.lower()]: value for name, value in given.items()}


def _trace_options(value: Any) -> Asked:
    """geth's options."""
    given = named(fields(value), OPTIONS)
    name = member(given, "tracer", text, "")
    own = member(given, "tracerConfig", fields, {})
    if name == MUX:  # whose tracers may stand there with null for their options
        parts = given.get("tracerConfig", {})
        asked = Asked(TraceConfig(), parts={key: within(key, _of(key), options) for key, options in parts.items()})
    else:
        asked = _by_tracer(name, own)
    steps = replace(
        asked.config,
        with_memory=member(given, "enableMemory", boolean, False),
        with_stack=not member(given, "disableStack", boolean, False),
        with_storage=asked.config.with_storage and not member(given, "disableStorage", boolean, False),
        with_return_data=member(given, "enableReturnData", boolean, False),
        limit=member(given, "limit", _limit, 0),
    )
    overrides = Overrides(
        member(given, "stateOverrides", state_overrides, {}), block_override(given.get("blockOverrides", {}))
    )
    return replace(asked, config=steps, overrides=overrides)


def _of(name: str) -> Callable[[Any], Asked]:
    def parse(value: Any) -> Asked:
        if name not in TRACERS:
            raise ValueError(f"tracer {shown(name)} is not known; a {MUX} takes {', '.join(TRACERS)}")
        return _by_tracer(name, {} if value is None else fields(value))

    return parse


def _by_tracer(name: str, options: dict[str, Any]) -> Asked:
    own = named(options, TRACER_OPTIONS)
    tracer, shape = _tracer(name)
    config = TraceConfig(
        tracer=tracer,
        only_top_call=member(own, "onlyTopCall", boolean, False),
        with_log=member(own, "withLog", boolean, False),
        diff_mode=member(own, "diffMode", boolean, False),
        with_code=not member(own, "disableCode", boolean, False),
        with_storage=not member(own, "disableStorage", boolean, False),
    )
    if shape != "own":
        config = TraceConfig(tracer=tracer, only_top_call=shape == "nothing")
    return Asked(
        config,
        shape=shape,
        parity_errors=member(own, "convertParityErrors", boolean, False),
        precompiled=member(own, "includePrecompiles", boolean, False),
    )


def _tracer(name: str) -> tuple[Tracer, Shape]:
    if name in ("", "structLogger"):
        return STEPS, "own"
    if name not in TRACERS:
        known = ", ".join((*TRACERS, MUX))
        raise ValueError(f"tracer {shown(name)} is not known; use {known}, or none for single steps")
    return TRACERS[name]


def _limit(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"expected a number of steps, got {shown(value)}")
    return value


TraceParam = Annotated[Asked, Parser(_trace_options)]
NO_OPTIONS = Asked(TraceConfig())

# THE ANSWER

Place: TypeAlias = dict[str, Any]
"""Where a transaction is: what `in_block` of flatjson.py says."""
Run: TypeAlias = Callable[[TraceConfig], Sequence[Trace]]


def answers(asked: Asked, run: Run, places: Sequence[Place], *, steps_max: int) -> list[Any]:
    """One answer for each place. Tracers that need the same execution share it."""
    limit = min(asked.config.limit or steps_max, steps_max)
    once = cache(lambda config: run(replace(config, limit=limit)))
    if not asked.parts:
        return _shown(asked, once, places)
    columns = {name: _shown(part, once, places) for name, part in asked.parts.items()}
    return [{name: column[index] for name, column in columns.items()} for index in range(len(places))]


def _shown(asked: Asked, run: Run, places: Sequence[Place]) -> list[Any]:
    return [_one(asked, trace, place) for trace, place in zip(run(asked.config), places, strict=True)]


def _one(asked: Asked, trace: Trace, place: Place) -> Any:
    if asked.shape == "own":
        return trace_json(trace, asked.config)
    assert isinstance(trace, CallFrame)
    if asked.shape == "nothing":
        return {}
    if asked.shape == "selectors":
        return selectors(trace)
    flat = geth_traces(trace, parity_errors=asked.parity_errors, precompiled=asked.precompiled)
    return [one | place for one in flat]
