"""The published schema of the Ethereum execution APIs: whether a method's result has the shape it promises."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

DATA = Path(__file__).parent.parent / "data" / "execution-apis.json"


@cache
def published() -> dict[str, Any]:
    methods: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))["methods"]
    return methods


@cache
def _validator(method: str) -> Draft7Validator:
    return Draft7Validator(_any_of_lists(published()[method]["result"]))


def _any_of_lists(schema: Any) -> Any:
    """An empty list fits every kind of list, so "exactly one of these lists" would refuse it: any of them is meant."""
    if isinstance(schema, list):
        return [_any_of_lists(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    read = {name: _any_of_lists(item) for name, item in schema.items()}
    choices = read.get("oneOf")
    if isinstance(choices, list) and all(choice.get("type") == "array" for choice in choices):
        read["anyOf"] = read.pop("oneOf")
    return read


def faults(method: str, result: Any) -> list[str]:
    """Where the result differs from the schema; nothing for a method that the schema does not know."""
    if method not in published():
        return []
    shown = _with_a_place(result) if isinstance(result, dict) else result
    return [f"{error.json_path}: {error.message[:300]}" for error in _validator(method).iter_errors(shown)]


PLACE = {"blockHash": "0x" + "00" * 32, "blockNumber": "0x0", "transactionIndex": "0x0", "blockTimestamp": "0x0"}


def _with_a_place(result: dict[str, Any]) -> dict[str, Any]:
    """A pending transaction's place in the chain is null, as clients expect; the schema knows mined ones only."""
    return {name: PLACE.get(name) if value is None else value for name, value in result.items()}
