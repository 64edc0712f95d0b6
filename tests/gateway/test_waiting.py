"""Waiting in the event loop for what another thread finishes."""

import asyncio
import threading
from concurrent.futures import Future

import pytest

from ledger_node.gateway.waiting import Deadline, done_within, durable


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


NEVER_S = 3600


def test_a_deadline_ends_what_nobody_answers():
    async def wait():
        deadline = Deadline(0.01, "ledger.sqlite")
        with pytest.raises(TimeoutError):
            with deadline:
                await durable(Future())
        return deadline

    deadline = asyncio.run(wait())
    assert deadline.passed
    assert deadline.told().detail.startswith("ledger.sqlite: no answer within 0.01 s. ")


def test_a_deadline_stands_still_while_it_is_suspended_and_begins_anew_with_what_the_client_waits_for_beside():
    async def wait():
        loop, answered = asyncio.get_running_loop(), Future()
        deadline = Deadline(0.01, "ledger.sqlite")
        with deadline:
            deadline.suspend()
            assert not await done_within(Future(), 0.05)
            deadline.begin_anew(beside_s=NEVER_S)
            loop.call_later(0.05, answered.set_result, "in time")
            return await durable(answered), deadline.passed

    assert asyncio.run(wait()) == ("in time", False)


def test_an_error_of_the_request_is_not_taken_for_the_deadlines():
    async def wait():
        deadline = Deadline(NEVER_S, "ledger.sqlite")
        with pytest.raises(TimeoutError, match="its own"):
            with deadline:
                raise TimeoutError("its own")
        deadline.suspend()  # as the answer to it goes out
        return deadline.passed

    assert asyncio.run(wait()) is False


def test_one_who_hangs_up_is_not_taken_for_the_deadline_and_a_cancelled_task_stays_so():
    async def wait():
        deadline = Deadline(NEVER_S, "ledger.sqlite")

        async def request():
            with deadline:
                await durable(Future())

        caller = asyncio.create_task(request())
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.wait([caller])
        return caller.cancelled(), deadline.passed

    assert asyncio.run(wait()) == (True, False)
