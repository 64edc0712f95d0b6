"""Listening sockets, and how long they are open: until SIGTERM or SIGINT, with `running.json` saying where they are."""

import asyncio
import json
import logging
import os
import resource
import signal
import socket
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields
from functools import partial
from typing import Any, TypeVar

import uvicorn
import uvloop

from ledger_node import __version__, collector
from ledger_node.config import Config
from ledger_node.connections import Bounds, Connection, Hall, Tell
from ledger_node.data_directory import DataDirectory, write_private
from ledger_node.gateway.problems import tell_at_the_door as tell_problem
from ledger_node.rpc.jsonrpc import tell_at_the_door as tell_rpc_error
from ledger_node.rpc.settings import RpcLimits, RpcSettings
from ledger_node.websocket import WebSocket

log = logging.getLogger(__name__)
T = TypeVar("T")

TICKS_A_SWEEP = 3
"""uvicorn ticks ten times a second."""

FILES_FOR_OTHERS = 256
"""File descriptors that stores, workers and the other engine's connections need; the doors share the rest."""


class Door(uvicorn.Server):
    """One listening socket. Signals are the node's business, not each server's own."""

    def __init__(
        self, app: Any, host: str, port: int, *, tell: Tell, bounds: Bounds | None = None,
        message_bytes_max: int = 1 << 20,
    ) -> None:  # fmt: skip
        self.hall = Hall(bounds or Bounds(), tell)
        super().__init__(
            uvicorn.Config(
                app,
                http=partial(Connection, hall=self.hall),  # type: ignore[arg-type]
                ws=WebSocket,
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

    async def on_tick(self, counter: int) -> bool:
        if counter % TICKS_A_SWEEP == 0:
            self.hall.sweep(asyncio.get_running_loop().time(), self.server_state.connections)
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def gateway_door(app: Any, config: Config) -> Door:
    return Door(app, config.gateway_host, config.gateway_port, tell=tell_problem, bounds=bounds_of(config))


def rpc_door(app: Any, config: Config) -> Door:
    return Door(
        app, config.rpc_host, config.rpc_port, tell=tell_rpc_error, bounds=bounds_of(config),
        message_bytes_max=config.rpc_request_bytes,
    )  # fmt: skip


def bounds_of(config: Config) -> Bounds:
    return Bounds(
        connections=_connections(config.connections_max),
        head_bytes=config.head_bytes_max,
        headers=config.headers_max,
        head_timeout_s=config.head_timeout_s,
        body_timeout_s=config.body_timeout_s,
        idle_timeout_s=config.idle_timeout_s,
    )


def _connections(wanted: int) -> int:
    """As many as are wanted, or as the process may have files for at two doors: one too many would shut all out."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    possible = max((most - FILES_FOR_OTHERS) // 2 - Bounds().connections_for_probes, 1)
    if most == resource.RLIM_INFINITY or possible >= wanted:
        return wanted
    log.warning("fewer connections than the setting allows", extra={"allowed": possible, "open_files_limit": most})
    return possible


def rpc_settings(config: Config) -> RpcSettings:
    """Every limit of the JSON-RPC door is the setting of its name with `rpc_` before it."""
    limits = {limit.name: getattr(config, f"rpc_{limit.name}") for limit in fields(RpcLimits)}
    return RpcSettings(
        cors_origins=tuple(origin.lower() for origin in config.rpc_cors_origins),
        allowed_hosts=tuple(host.lower() for host in config.rpc_allowed_hosts),
        limits=RpcLimits(**limits),
        rate_window_s=config.rate_window_s,
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
