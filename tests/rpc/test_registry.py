"""The reference page and the methods are the same list, and nothing the execution APIs name is forgotten."""

import re
from pathlib import Path

import pytest

from ledger_node.rpc.methods import METHODS
from ledger_node.rpc.parse import shown
from ledger_node.rpc.registry import LANES
from tests.conformance.rpc.schema import published

PAGE = Path(__file__).parent.parent.parent / "docs" / "reference" / "json-rpc.md"

NOT_SERVED = {
    "debug_getRawBlockAccessList": "block access lists (EIP-7928) come after Prague",
    "eth_getBlockAccessList": "block access lists (EIP-7928) come after Prague",
}


def documented() -> dict[str, str]:
    return dict(re.findall(r"^\| `([a-z0-9]+_\w+)` \| (yes|ws|dev) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))


def test_every_method_has_its_row_and_every_row_its_method() -> None:
    served = {
        name: "dev" if one.profile == "dev" else "ws" if one.transport == "websocket" else "yes"
        for name, one in METHODS.items()
    }
    assert documented() == served


def test_every_published_method_is_served_or_explained() -> None:
    assert set(published()) - set(METHODS) == set(NOT_SERVED)


@pytest.mark.parametrize("name", sorted(set(published()) & set(METHODS)))
def test_a_published_method_takes_the_published_arguments(name: str) -> None:
    required = [parameter["required"] for parameter in published()[name]["params"]]
    ours = METHODS[name].parameters
    assert len(ours) >= len(required)
    for index, parameter in enumerate(ours):
        if parameter.required:
            assert index < len(required), f"{name} asks for {parameter.name}, which nobody sends"
            assert required[index] or required[index] is False


def test_what_executes_has_a_lane_of_its_own() -> None:
    executing = {name for name, one in METHODS.items() if one.lane == "execute"}
    assert {"eth_call", "eth_estimateGas", "eth_createAccessList", "eth_simulateV1", "debug_traceCall"} <= executing
    assert {one.lane for one in METHODS.values()} <= set(LANES)


def test_an_error_message_never_repeats_more_than_a_line() -> None:
    assert len(shown("x" * 1_000_000)) <= 80
