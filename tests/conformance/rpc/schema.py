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
    return Draft7Validator(published()[method]["result"])


def faults(method: str, result: Any) -> list[str]:
    """Where the result differs from the schema; nothing for a method that the schema does not know."""
    if method not in published():
        return []
    return [f"{error.json_path}: {error.message[:300]}" for error in _validator(method).iter_errors(result)]
