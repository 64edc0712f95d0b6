"""From the bytes of a message to the bytes of its answer: each request is looked up, parsed, run in its lane, answered.

The event loop never executes: a message runs on a thread of the slowest lane among its requests, so that a flood of
calls leaves reads, and the loop itself, free. What is over sooner than a thread can be told of it stays on the loop.
Messages that would wait too long behind others are refused at once.
"""

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ledger_node.errors import LedgerNodeError
from ledger_node.rpc import jsonrpc
from ledger_node.rpc.door import Door
from ledger_node.rpc.errors import INTERNAL_ERROR, RpcError, as_rpc_error, limit_exceeded
from ledger_node.rpc.jsonrpc import Message, Refusal, Request
from ledger_node.rpc.methods import METHODS
from ledger_node.rpc.registry import LANES, Lane, find
from ledger_node.rpc.settings import RpcLimits

log = logging.getLogger(__name__)


class Dispatcher:
    def __init__(self, limits: RpcLimits) -> None:
        self._limits = limits
        threads: Mapping[Lane, int] = {"read": 8, "execute": limits.concurrent_calls, "wait": limits.concurrent_waits}
        self._pools = {
            lane: ThreadPoolExecutor(count, thread_name_prefix=f"rpc-{lane}") for lane, count in threads.items()
        }
        self._most = {lane: count + limits.waiting_requests for lane, count in threads.items()}
        self._under_way: dict[Lane, int] = dict.fromkeys(threads, 0)

    async def answer(self, body: bytes | str, door: Door) -> bytes | None:
        """None when the message holds notifications only. Never raises for what a caller sent."""
        try:
            message = jsonrpc.decode(body, batch_items=self._limits.batch_items)
        except RpcError as error:
            return jsonrpc.failure(None, error)
        lane = _lane(message)
        if lane in ("now", "quick"):
            return self._answer(message, door)
        if self._under_way[lane] >= self._most[lane]:
            return self._busy(message)
        self._under_way[lane] += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pools[lane], self._answer, message, door)
        finally:
            self._under_way[lane] -= 1

    def close(self) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)

    # ON A THREAD

    def _answer(self, message: Message, door: Door) -> bytes | None:
        if not message.is_batch:
            return self._answer_one(message.items[0], door)
        answers: list[bytes] = []
        size = 0
        for item in message.items:
            if size > self._limits.batch_response_bytes:
                answer = self._too_large(item)
            else:
                answer = self._answer_one(item, door)
            if answer is not None:
                answers.append(answer)
                size += len(answer)
        return jsonrpc.batch(answers) if answers else None

    def _answer_one(self, item: Request | Refusal, door: Door) -> bytes | None:
        if isinstance(item, Refusal):
            return jsonrpc.failure(item.id, item.error)
        try:
            answer = jsonrpc.result(item.id, run(item, door)) if item.wants_answer else run(item, door)
        except RpcError as error:
            answer = jsonrpc.failure(item.id, error) if item.wants_answer else None
        except Exception:  # the outermost loop: a mistake of ours must not cost the caller its answer
            log.exception("%s failed", item.method)
            internal = RpcError(INTERNAL_ERROR, "internal error: the node's log has the details")
            answer = jsonrpc.failure(item.id, internal) if item.wants_answer else None
        return answer if item.wants_answer else None

    # REFUSED FOR SIZE

    def _busy(self, message: Message) -> bytes | None:
        error = limit_exceeded("too many requests are waiting: send fewer at a time, and try again")
        answers = [jsonrpc.failure(item.id, error) for item in message.items if _wants_answer(item)]
        if not message.is_batch:
            return answers[0] if answers else None
        return jsonrpc.batch(answers) if answers else None

    def _too_large(self, item: Request | Refusal) -> bytes | None:
        most = self._limits.batch_response_bytes
        error = limit_exceeded(f"response too large: the batch's answers exceed {most} bytes; send smaller batches")
        return jsonrpc.failure(item.id, error) if _wants_answer(item) else None


def run(request: Request, door: Door) -> Any:
    """One request's result. Raises RpcError for everything expected."""
    method = find(request.method, door.settings.profile)
    try:
        return method.function(door, *method.arguments(request.params))
    except LedgerNodeError as error:
        raise as_rpc_error(error) from error


def _wants_answer(item: Request | Refusal) -> bool:
    return isinstance(item, Refusal) or item.wants_answer


def _lane(message: Message) -> Lane:
    slowest = 0
    for item in message.items:
        if isinstance(item, Request) and (method := METHODS.get(item.method)) is not None:
            lane: Lane = "execute" if method.lane in ("quick", "read") and _of_next_block(item) else method.lane
            slowest = max(slowest, LANES.index(lane))
    lane = LANES[slowest]
    return "read" if lane == "quick" and message.is_batch else lane


def _of_next_block(request: Request) -> bool:
    """The block in the making may have to be executed first; a sender's next nonce is the pool's to say."""
    return request.method != "eth_getTransactionCount" and any(
        one == "pending" or (isinstance(one, dict) and one.get("blockNumber") == "pending") for one in request.params
    )
