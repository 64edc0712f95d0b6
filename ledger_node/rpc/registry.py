"""The methods this door knows: one decorated function each, its parameters parsed by the types in its signature.

    @method("eth_getBalance")
    def get_balance(door: Door, address: AddressParam, at: BlockParam = "latest") -> str:

A parameter with a default is optional, and null stands for the default. Extra arguments are refused.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_type_hints

from ledger_node.rpc.errors import METHOD_NOT_FOUND, RpcError, invalid_params
from ledger_node.rpc.parse import Parse, Parser, parsed
from ledger_node.rpc.settings import Profile

F = TypeVar("F", bound=Callable[..., Any])

Lane = Literal["now", "quick", "read", "execute", "wait"]
"""Where a method runs: on the event loop (touches nothing slow), or in the pool of threads for reads of the store, for
execution, or for waiting on a block. Reads are never queued behind executions.

A `quick` method reads a few rows, whatever it is asked: handing it to a thread and back would take longer than that. It
runs on the event loop where it stands alone, and as a read where a batch has many."""

LANES: tuple[Lane, ...] = ("now", "quick", "read", "execute", "wait")


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    parse: Parse[Any]
    required: bool
    default: Any


@dataclass(frozen=True, slots=True)
class Method:
    name: str
    lane: Lane
    profile: Profile
    """`dev` methods do not exist outside the dev profile."""
    transport: Literal["any", "websocket"]
    parameters: tuple[Parameter, ...]
    function: Callable[..., Any]

    def arguments(self, params: list[Any]) -> list[Any]:
        """Parsed, with defaults filled in. Raises RpcError -32602 naming the argument at fault."""
        if len(params) > len(self.parameters):
            raise invalid_params(f"too many arguments, want at most {len(self.parameters)}")
        return [self._argument(index, params) for index in range(len(self.parameters))]

    def _argument(self, index: int, params: list[Any]) -> Any:
        parameter = self.parameters[index]
        if index >= len(params) or params[index] is None:
            if parameter.required:
                raise invalid_params(f"missing value for required argument {index} ({parameter.name})")
            return parameter.default
        return parsed(parameter.parse, params[index], f"invalid argument {index} ({parameter.name})")


METHODS: dict[str, Method] = {}


def method(
    *names: str,
    lane: Lane = "read",
    profile: Profile = "production",
    transport: Literal["any", "websocket"] = "any",
) -> Callable[[F], F]:
    """Register a function under one name, or under several where clients know it by several."""

    def register(function: F) -> F:
        parameters = _parameters(function)
        for name in names:
            assert name not in METHODS, f"{name} is registered twice"
            METHODS[name] = Method(name, lane, profile, transport, parameters, function)
        return function

    return register


def _parameters(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    hints = get_type_hints(function, include_extras=True)
    found = []
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        parsers = [item for item in hints[parameter.name].__metadata__ if isinstance(item, Parser)]
        required = parameter.default is inspect.Parameter.empty
        found.append(Parameter(parameter.name, parsers[0].parse, required, None if required else parameter.default))
    return tuple(found)


def find(name: str, profile: Profile) -> Method:
    """Raises RpcError -32601 for a method that does not exist in this profile; clients fall back on that code."""
    known = METHODS.get(name)
    if known is None or (known.profile == "dev" and profile != "dev"):
        shown = name if len(name) <= 80 else name[:77] + "..."
        raise RpcError(METHOD_NOT_FOUND, f"the method {shown} does not exist/is not available")
    return known
