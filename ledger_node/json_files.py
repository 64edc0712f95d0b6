"""JSON from a file that anybody may have written. Knows no shape of what is in it."""

import json
from pathlib import Path
from typing import Any

import orjson


def read_json(path: Path) -> Any:
    """The document in a file. Raises OSError; ValueError as `parse_json` does."""
    return parse_json(path.read_bytes())


def parse_json(content: bytes) -> Any:
    """Raises ValueError for whatever is no JSON in UTF-8, or is nested deeper than any document of ours.

    Python's own parser follows the nesting as deep as the interpreter's stack allows, and the engine allows more than
    there is: the process would crash. orjson stops at a thousand, but makes floats of large integers.
    """
    orjson.loads(content)
    return json.loads(content)
