"""Worker processes for questions that need execution, because gas is not time on this engine.

A question runs in a process of its own, at low priority, with a bound on memory; when its time is up the process is
killed and another takes its place. What the chain commits is there for workers at once: they read the same store.
"""

import gc
import importlib
import logging
import math
import os
import pickle
import queue
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

from ledger_node.chain import tries
from ledger_node.chain.errors import CallFailed, ChainError, ChainUnavailable
from ledger_node.chain.pyevm.opening import rules_of
from ledger_node.chain.pyevm.questions import Questions
from ledger_node.chain.pyevm.rules import ParentState, Permissions
from ledger_node.chain.pyevm.store import Store
from ledger_node.errors import LedgerNodeError

START_TIMEOUT_S = 60.0
OUT_OF_MEMORY = "execution aborted: it took more memory than a call may"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerSetup:
    """All a worker must know. `permissions_at` is a function's module and name."""

    directory: Path
    permissions_at: tuple[str, str]
    fast_interpreter: bool
    call_gas_max: int
    memory_bytes_max: int
    timeout_s: float


class Workers:
    """A fixed number of workers. May be used from any thread."""

    def __init__(self, setup: WorkerSetup, *, count: int) -> None:
        self._setup = setup
        self._timeout_s = setup.timeout_s
        self._free: queue.SimpleQueue[_Worker | None] = queue.SimpleQueue()
        self._count = count
        self._closed = threading.Event()
        # Starting takes a second of imports: begin with it before anybody asks.
        self._starting = threading.Thread(target=self._start, name="call-workers", daemon=True)
        self._starting.start()

    def _start(self) -> None:
        for _ in range(self._count):
            self._free.put(self._fresh())

    def _fresh(self) -> "_Worker | None":
        """None when it did not start: whoever takes its place tries again."""
        if self._closed.is_set():
            return None
        try:
            return _Worker(self._setup)
        except (ChainUnavailable, OSError, EOFError):
            return None

    def questions(self) -> Questions:
        """What is asked of it is asked of a worker.

        Raises what the question raises, CallFailed when its time was up, and ChainUnavailable when every worker was
        busy for as long.
        """
        return cast(Questions, _Asked(self))

    def ask(self, question: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        self._starting.join(START_TIMEOUT_S)
        try:
            worker = self._free.get(timeout=self._timeout_s)
        except queue.Empty:
            raise ChainUnavailable("Too many calls are being executed; try again later.") from None
        alive = worker
        try:
            if self._closed.is_set():
                raise ChainUnavailable("The chain is stopping.")
            if alive is not None and alive.ended():  # at rest, so by no fault of who asks now
                alive.kill()
                alive = None
            if alive is None:
                alive = _Worker(self._setup)
            return alive.ask(self._timeout_s, question, arguments, options)
        except _Lost as lost:
            assert alive is not None
            alive.kill()
            alive = self._fresh()  # who lost it waits for the next, and not whoever comes after
            raise CallFailed(str(lost)) from None
        finally:
            self._free.put(alive)

    def close(self) -> None:
        self._closed.set()
        for _ in range(self._count):
            worker = self._free.get()
            if worker is not None:
                worker.kill()


class _Asked:
    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def __getattr__(self, question: str) -> Callable[..., Any]:
        return lambda *arguments, **options: self._workers.ask(question, arguments, options)


class _Lost(Exception):
    """The worker did not answer."""


class _Worker:
    def __init__(self, setup: WorkerSetup) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ledger_node.chain.pyevm.workers", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        self._connection = Connection(ours.detach())
        self._connection.send(setup)
        if not self._connection.poll(START_TIMEOUT_S):
            self.kill()
            raise ChainUnavailable("A worker process did not start.")
        self._connection.recv()

    def ask(self, timeout_s: float, question: str, arguments: Any, options: Any) -> Any:
        try:
            self._connection.send((question, arguments, options))
            if not self._connection.poll(timeout_s):
                raise _Lost(f"execution aborted (timeout = {timeout_s:g}s)")
            reply = self._connection.recv()
        except (EOFError, OSError, pickle.UnpicklingError):  # it ended, or its answer was cut off
            raise _Lost(OUT_OF_MEMORY) from None
        if reply is None:
            raise _Lost(OUT_OF_MEMORY)
        succeeded, answer = reply
        if not succeeded:
            raise answer
        return answer

    def ended(self) -> bool:
        return self._process.poll() is not None

    def kill(self) -> None:
        self._connection.close()
        self._process.kill()
        self._process.wait()


# THE OTHER SIDE


def main(descriptor: int) -> None:
    connection = Connection(descriptor)
    setup: WorkerSetup = connection.recv()
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (setup.memory_bytes_max, setup.memory_bytes_max))
    module, name = setup.permissions_at
    permissions_at: Callable[[ParentState], Permissions] = getattr(importlib.import_module(module), name)
    store = Store(setup.directory, read_only=True)
    rules = rules_of(store, permissions_at, fast_interpreter=setup.fast_interpreter)
    questions = Questions(store, rules, permissions_at, setup.call_gas_max)
    gc.freeze()  # what is here stays
    connection.send("ready")
    try:
        while _served(connection, questions, setup.timeout_s):
            pass
    except MemoryError:
        return  # before there was an answer, or while it was sent: the end is one


def _served(connection: Connection, questions: Questions, timeout_s: float) -> bool:
    """Whether the next question may come: not when the node ended, nor with what is left of this one's memory."""
    try:
        question, arguments, options = connection.recv()
    except EOFError:
        return False
    # Should the node be gone when the time is up, nobody else would end this.
    signal.alarm(math.ceil(timeout_s) + 5)
    reply = _answer(questions, question, arguments, options)
    connection.send_bytes(reply)
    signal.alarm(0)
    return reply is not NO_MEMORY


NO_MEMORY = pickle.dumps(None)


def _answer(questions: Questions, question: str, arguments: Any, options: Any) -> bytes:
    try:
        return pickle.dumps((True, getattr(questions, question)(*arguments, **options)))
    except LedgerNodeError as error:
        error.__cause__ = error.__context__ = None
        return _failed(error)
    except tries.MissingNode as missing:
        return _failed(ChainError(f"missing trie node {missing}: the state of this block is not in the store"))
    except MemoryError:
        return NO_MEMORY
    except RecursionError:
        return _failed(CallFailed(OUT_OF_MEMORY))
    except Exception as error:  # the outermost loop: a mistake of ours must not cost a worker
        log.exception("%s failed in a worker", question)
        name = type(error).__name__
        return _failed(CallFailed(f"execution aborted: a mistake of the node's, {name}; its log has it"))


def _failed(error: LedgerNodeError) -> bytes:
    return pickle.dumps((False, error))


if __name__ == "__main__":
    main(int(sys.argv[1]))
