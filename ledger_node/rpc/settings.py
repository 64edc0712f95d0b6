"""What an operator may set about the JSON-RPC door, as frozen data. Reads no environment and no file: `config` does."""

from dataclasses import dataclass, field
from typing import Literal

from ledger_node.errors import ConfigurationError

Profile = Literal["production", "dev"]


@dataclass(frozen=True, slots=True)
class RpcLimits:
    """What callers may ask for at once. A limit answers with its number: -32602 where one request asks for too much,
    -32005 where the same request may do later or on another connection; request size with HTTP 413.

    `rate_per_address` counts HTTP requests and WebSocket messages in `RpcSettings.rate_window_s`; 0 counts nobody.
    Above it HTTP is answered 429 and a WebSocket closed with 1013.
    """

    request_bytes: int = 5 * 1024 * 1024
    batch_items: int = 1_000
    batch_response_bytes: int = 25 * 1024 * 1024
    log_blocks: int = 100_000
    log_results: int = 20_000
    log_addresses: int = 1_000
    log_topics: int = 1_000
    fee_history_blocks: int = 1_024
    proof_slots: int = 1_024
    storage_slots: int = 1_024
    simulated_blocks: int = 256
    simulated_calls: int = 1_000
    trace_steps: int = 200_000
    trace_blocks: int = 100
    trace_results: int = 10_000
    search_ms: int = 10_000
    filters: int = 1_000
    filter_idle_ms: int = 5 * 60_000
    filter_changes: int = 10_000
    rate_per_address: int = 300_000
    connections: int = 256
    subscriptions_per_connection: int = 64
    requests_per_connection: int = 32
    unsent_messages: int = 2_000
    concurrent_calls: int = 16
    concurrent_waits: int = 64
    waiting_requests: int = 512
    send_sync_timeout_ms: int = 20_000
    send_sync_timeout_max_ms: int = 60_000


@dataclass(frozen=True, slots=True)
class RpcSettings:
    """`cors_origins` and `allowed_hosts` are exact names, or `*` for any.

    `cors_origins` empty answers no cross-origin browser at all. `allowed_hosts` guards against DNS rebinding: a web
    page can make a browser send requests to this port under a name of its own, but not under one of these. Requests
    whose Host is an IP address always pass, as such a page cannot have one.
    """

    client_version: str = "ledger-node/v0.1.0/python"
    profile: Profile = "production"
    dev_keys: tuple[bytes, ...] = field(default=(), repr=False)
    """Private keys everybody knows, for `eth_accounts` and `eth_sendTransaction`; refused outside the dev profile."""
    cors_origins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ("localhost",)
    rate_window_s: int = 60
    limits: RpcLimits = field(default_factory=RpcLimits)

    def __post_init__(self) -> None:
        if self.dev_keys and self.profile != "dev":
            raise ConfigurationError("The JSON-RPC door signs for nobody outside the dev profile; leave its keys out.")
