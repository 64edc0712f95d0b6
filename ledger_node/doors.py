"""Listening sockets, and how long they are open: until SIGTERM or SIGINT, with `running.json` saying where they are."""

import asyncio
import json
import logging
import os
import signal
import socket
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields
from typing import Any, TypeVar

import uvicorn
import uvloop

from ledger_node import __version__, collector
from ledger_node.config import Config
from ledger_node.data_directory import DataDirectory, write_private
from ledger_node.rpc.settings import RpcLimits, RpcSettings

log = logging.getLogger(__name__)
T = TypeVar("T")


class Door(uvicorn.Server):
    """One listening socket. Signals are the node's business, not each server's own."""

    def __init__(self, app: Any, host: str, port: int, *, message_bytes_max: int = 1 << 20) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=10,
                lifespan="off",
                proxy_headers=False,
                ws_max_size=message_bytes_max,
            )
        )
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.create_server((host, port), family=family, backlog=2048)
        # asyncio sets this only on sockets whose protocol is named; without it a small answer waits for the client's
        # delayed acknowledgement, 40 ms.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bound = self.socket.getsockname()[1]
        self.url = f"http://[{host}]:{bound}" if family == socket.AF_INET6 else f"http://{host}:{bound}"

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def rpc_settings(config: Config) -> RpcSettings:
    """Every limit of the JSON-RPC door is the setting of its name with `rpc_` before it."""
    limits = {limit.name: getattr(config, f"rpc_{limit.name}") for limit in fields(RpcLimits)}
    return RpcSettings(
        cors_origins=tuple(origin.lower() for origin in config.rpc_cors_origins),
        allowed_hosts=tuple(host.lower() for host in config.rpc_allowed_hosts),
        limits=RpcLimits(**limits),
    )


def run_loop(serving: Coroutine[Any, Any, T]) -> T:
    """What `asyncio.run` does, on a loop that spends less of the processor on sockets and on being woken by threads."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(serving)


async def keep_open(directory: DataDirectory, doors: Mapping[str, Door]) -> None:
    """Serve until a signal says stop, or somebody sets `should_exit` on every door."""
    for stop_signal in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(stop_signal, _stop_all, doors, stop_signal)
    collector.rest()
    _write_running(directory, doors)
    try:
        for name, door in doors.items():
            log.info("%s is open", name, extra={"url": door.url})
        await asyncio.gather(*(door.serve(sockets=[door.socket]) for door in doors.values()))
    finally:
        directory.running.unlink(missing_ok=True)


def _stop_all(doors: Mapping[str, Door], stop_signal: signal.Signals) -> None:
    log.info("stopping", extra={"signal": stop_signal.name})
    for door in doors.values():
        door.should_exit = True


def _write_running(directory: DataDirectory, doors: Mapping[str, Door]) -> None:
    record: dict[str, Any] = {"pid": os.getpid(), "version": __version__}
    record.update({name: door.url for name, door in doors.items()})
    with suppress(FileNotFoundError):
        directory.running.unlink()
    write_private(directory.running, json.dumps(record) + "\n")
