"""Waiting in the event loop for what another thread finishes."""

import asyncio
import threading
from concurrent.futures import Future

import pytest

from ledger_node.gateway.waiting import done_within, durable


def test_a_result_arrives_from_another_thread():
    async def wait():
        future = Future()
        threading.Thread(target=future.set_result, args=("durable",)).start()
        return await durable(future)

    assert asyncio.run(wait()) == "durable"


def test_a_refusal_arrives_as_it_was_raised():
    async def wait():
        future = Future()
        threading.Thread(target=future.set_exception, args=(ValueError("refused"),)).start()
        await durable(future)

    with pytest.raises(ValueError, match="refused"):
        asyncio.run(wait())


def test_what_is_not_done_in_time_goes_on():
    async def wait():
        future = Future()
        in_time = await done_within(future, 0)
        future.set_result("later")
        return in_time, await done_within(future, 0), await durable(future)

    assert asyncio.run(wait()) == (False, True, "later")


def test_a_caller_that_hangs_up_undoes_nothing():
    async def wait():
        future = Future()
        caller, other = (asyncio.create_task(durable(future)) for _ in range(2))
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.wait([caller])
        future.set_result("done")
        return caller.cancelled(), await other

    assert asyncio.run(wait()) == (True, "done")


def test_many_that_finish_together_ring_once(monkeypatch):
    async def wait():
        loop, rings = asyncio.get_running_loop(), []
        futures = [Future() for _ in range(64)]
        waiting = [asyncio.create_task(durable(future)) for future in futures]
        await asyncio.sleep(0)
        ring = loop.call_soon_threadsafe
        monkeypatch.setattr(loop, "call_soon_threadsafe", lambda *call: rings.append(1) or ring(*call))
        for number, future in enumerate(futures):
            future.set_result(number)
        assert await asyncio.gather(*waiting) == list(range(64))
        assert len(rings) == 1
        future = Future()
        last = asyncio.create_task(durable(future))
        await asyncio.sleep(0)
        future.set_result("rings again")
        return await last, len(rings)

    assert asyncio.run(wait()) == ("rings again", 2)


def test_a_loop_that_is_closed_is_not_rung():
    future = Future()

    async def wait():
        task = asyncio.create_task(durable(future))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(wait())
    future.set_result("nobody waits")
    assert future.result() == "nobody waits"
