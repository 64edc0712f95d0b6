"""JSON-RPC 2.0 itself: what a message must look like, single and batch, and how answers are written. Knows no method.

https://www.jsonrpc.org/specification, with two leniencies that clients need: `params` may be absent or null (Foundry),
and named params are refused with -32602, as geth does, because Ethereum's methods have positions only.
"""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from ledger_node.rpc.errors import (
    INVALID_REQUEST,
    LIMIT_EXCEEDED,
    PARSE_ERROR,
    RpcError,
    invalid_params,
    limit_exceeded,
)


class _NoId:
    """The id of a notification, which wants no answer."""


NO_ID: Final = _NoId()


@dataclass(frozen=True, slots=True)
class Request:
    id: Any
    method: str
    params: list[Any]

    @property
    def wants_answer(self) -> bool:
        return self.id is not NO_ID


@dataclass(frozen=True, slots=True)
class Refusal:
    """An item that is no valid request; it is answered with its error, and its id where that can be read."""

    id: Any
    error: RpcError


@dataclass(frozen=True, slots=True)
class Message:
    items: tuple[Request | Refusal, ...]
    is_batch: bool


def tell_at_the_door(code: str, detail: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """What the door refused before it was a request: header fields and body, an error without an id."""
    number = LIMIT_EXCEEDED if code == "overloaded" else INVALID_REQUEST
    error = {"code": number, "message": f"{code}: {detail}"}
    body = orjson.dumps({"jsonrpc": "2.0", "id": None, "error": error})
    return [(b"content-type", b"application/json")], body


def decode(body: bytes | str, *, batch_items: int) -> Message:
    """Raises RpcError -32700 for what is no JSON, -32600 for an empty batch, -32005 for a batch above the limit."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RpcError(PARSE_ERROR, f"parse error: the request is not valid JSON ({error})") from None
    if not isinstance(document, list):
        return Message((_item(document),), is_batch=False)
    if not document:
        raise RpcError(INVALID_REQUEST, "empty batch: send at least one request")
    if len(document) > batch_items:
        raise limit_exceeded(
            f"batch too large: {len(document)} requests, and {batch_items} are allowed; send several batches"
        )
    return Message(tuple(_item(item) for item in document), is_batch=True)


def _item(item: Any) -> Request | Refusal:
    if not isinstance(item, dict):
        return _invalid(None, "a request is a JSON object")
    request_id = item.get("id", NO_ID)
    if request_id is not NO_ID and not _is_id(request_id):
        return _invalid(None, "the id of a request is a string, a number or null")
    if item.get("jsonrpc") != "2.0":
        return _invalid(request_id, 'a request has "jsonrpc": "2.0"')
    name = item.get("method")
    if not isinstance(name, str):
        return _invalid(request_id, 'a request has a "method", a string')
    params = item.get("params")
    if params is None:
        params = []
    if not isinstance(params, list):
        return Refusal(request_id, invalid_params("non-array args: give params as an array, in the method's order"))
    return Request(request_id, name, params)


def _is_id(value: Any) -> bool:
    return value is None or (isinstance(value, (str, int, float)) and not isinstance(value, bool))


def _invalid(request_id: Any, sentence: str) -> Refusal:
    return Refusal(
        None if request_id is NO_ID else request_id, RpcError(INVALID_REQUEST, f"invalid request: {sentence}")
    )


def result(request_id: Any, value: Any) -> bytes:
    return orjson.dumps({"jsonrpc": "2.0", "id": request_id, "result": value})


def failure(request_id: Any, error: RpcError) -> bytes:
    return orjson.dumps({"jsonrpc": "2.0", "id": request_id, "error": error.as_json()})


def notification_head(subscription: str) -> bytes:
    """What stands before the result of an `eth_subscription` notification; `}}` stands after it."""
    return (
        b'{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"%b","result":' % subscription.encode()
    )


def batch(answers: list[bytes]) -> bytes:
    return b"[" + b",".join(answers) + b"]"
