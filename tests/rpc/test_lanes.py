"""What runs on the event loop is over at once, whatever a caller sends; everything else has a thread."""

import orjson
import pytest

from ledger_node.rpc.dispatch import _lane
from ledger_node.rpc.jsonrpc import decode
from ledger_node.rpc.methods import METHODS


def lane(*methods: str, batch: bool) -> str:
    requests = [{"jsonrpc": "2.0", "id": 1, "method": name} for name in methods]
    return _lane(decode(orjson.dumps(requests if batch else requests[0]), batch_items=100))


def test_a_quick_read_is_answered_where_it_arrives_and_many_of_them_are_not() -> None:
    assert lane("eth_getBalance", batch=False) == "quick"
    assert lane("eth_getBalance", batch=True) == "read"
    assert lane("eth_chainId", "eth_getBalance", batch=True) == "read"
    assert lane("eth_chainId", "eth_blockNumber", batch=True) == "now"


def test_the_slowest_of_a_batch_decides() -> None:
    assert lane("eth_getBalance", "eth_call", batch=True) == "execute"
    assert lane("eth_call", "eth_sendRawTransactionSync", batch=True) == "wait"
    assert lane("eth_unheard_of", batch=False) == "now"


@pytest.mark.parametrize("name", sorted(name for name, one in METHODS.items() if one.lane == "quick"))
def test_a_quick_method_reads_one_account_one_header_or_one_transaction(name: str) -> None:
    """None of them walks a list that a caller, or a block's author, can make long."""
    assert not [parameter for parameter in METHODS[name].parameters if parameter.name in ("keys", "requests", "query")]
    assert not any(word in name for word in ("Logs", "Receipt", "Block", "Filter", "call"))
