"""JSON-RPC 2.0: which messages are requests, and what answers the others."""

import orjson
import pytest

from ledger_node.rpc.errors import INVALID_PARAMS, INVALID_REQUEST, LIMIT_EXCEEDED, PARSE_ERROR, RpcError
from ledger_node.rpc.jsonrpc import Refusal, Request, decode, failure, result


def one(body: str) -> Request | Refusal:
    message = decode(body, batch_items=10)
    assert not message.is_batch
    return message.items[0]


@pytest.mark.parametrize("params", ["", ',"params":[]', ',"params":null'])
def test_params_may_be_absent_or_null(params: str) -> None:
    request = one(f'{{"jsonrpc":"2.0","id":1,"method":"eth_chainId"{params}}}')
    assert isinstance(request, Request)
    assert (request.id, request.method, request.params) == (1, "eth_chainId", [])


@pytest.mark.parametrize("request_id", ["1", '"a"', "null", "1.5", "0"])
def test_an_id_is_given_back_as_it_came(request_id: str) -> None:
    request = one(f'{{"jsonrpc":"2.0","id":{request_id},"method":"m"}}')
    assert request.id == orjson.loads(request_id)
    assert orjson.loads(result(request.id, "x"))["id"] == orjson.loads(request_id)


def test_a_request_without_id_wants_no_answer() -> None:
    request = one('{"jsonrpc":"2.0","method":"m"}')
    assert isinstance(request, Request)
    assert not request.wants_answer


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"id":1,"method":"m"}', INVALID_REQUEST),
        ('{"jsonrpc":"1.0","id":1,"method":"m"}', INVALID_REQUEST),
        ('{"jsonrpc":"2.0","id":1}', INVALID_REQUEST),
        ('{"jsonrpc":"2.0","id":1,"method":7}', INVALID_REQUEST),
        ('{"jsonrpc":"2.0","id":true,"method":"m"}', INVALID_REQUEST),
        ('{"jsonrpc":"2.0","id":{},"method":"m"}', INVALID_REQUEST),
        ('{"jsonrpc":"2.0","id":1,"method":"m","params":{}}', INVALID_PARAMS),
        ('{"jsonrpc":"2.0","id":1,"method":"m","params":"x"}', INVALID_PARAMS),
        ("7", INVALID_REQUEST),
        ("null", INVALID_REQUEST),
        ('"eth_chainId"', INVALID_REQUEST),
    ],
)
def test_what_is_no_request_is_refused(body: str, code: int) -> None:
    refusal = one(body)
    assert isinstance(refusal, Refusal)
    assert refusal.error.code == code


@pytest.mark.parametrize(
    "body", ["", "{", "nonsense", '{"a":}', "[1,", "\ud800".encode("utf-8", "surrogatepass"), "NaN"]
)
def test_what_is_no_json_is_a_parse_error(body: str | bytes) -> None:
    with pytest.raises(RpcError) as refused:
        decode(body, batch_items=10)
    assert refused.value.code == PARSE_ERROR


def test_deep_nesting_is_a_parse_error_not_a_crash() -> None:
    with pytest.raises(RpcError) as refused:
        decode("[" * 100_000, batch_items=10)
    assert refused.value.code == PARSE_ERROR


def test_a_batch_answers_each_of_its_items() -> None:
    message = decode('[{"jsonrpc":"2.0","id":1,"method":"m"}, 7]', batch_items=2)
    assert message.is_batch
    assert [type(item) for item in message.items] == [Request, Refusal]


def test_an_empty_batch_and_one_above_the_limit_are_refused_whole() -> None:
    with pytest.raises(RpcError) as empty:
        decode("[]", batch_items=2)
    with pytest.raises(RpcError) as large:
        decode("[1,2,3]", batch_items=2)
    assert (empty.value.code, large.value.code) == (INVALID_REQUEST, LIMIT_EXCEEDED)


def test_an_error_carries_data_only_when_there_is_some() -> None:
    assert orjson.loads(failure(1, RpcError(3, "m", "0x12")))["error"] == {"code": 3, "message": "m", "data": "0x12"}
    assert orjson.loads(failure(1, RpcError(-32000, "m")))["error"] == {"code": -32000, "message": "m"}
