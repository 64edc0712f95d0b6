"""Settings: every one has a name, a default and a sentence of help; read once into a frozen Config.

A setting comes from a flag, else from the environment (`LEDGER_` and its name in capitals), else from `config.toml`
in the data directory, else from its default. A name nobody knows is an error, wherever it stands.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from ledger_node.errors import ConfigurationError, UnknownCurrency
from ledger_node.money import currency

ENVIRONMENT_PREFIX = "LEDGER_"

Port = Annotated[int, Field(ge=0, le=65535)]
Bytes = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(ge=0)]
Span = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]


class Config(BaseSettings):
    """All settings of a node. Immutable; made by `load_config`."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=ENVIRONMENT_PREFIX, env_ignore_empty=True, validate_default=True
    )

    # WHERE
    data: Path = Field(Path("data"), description="The data directory: genesis, keystores, both stores, config.toml.")
    database_url: str = Field(
        "", description="SQLAlchemy URL of the ledger database; empty means ledger.sqlite in the data directory."
    )
    password_file: str = Field(
        "", description="File with the keystores' password; empty means keys/password in the data directory."
    )

    # DOORS
    gateway_host: str = Field("127.0.0.1", description="Address the REST gateway listens on.")
    gateway_port: Port = Field(8080, description="Port of the REST gateway; 0 takes a free one.")
    rpc_host: str = Field("127.0.0.1", description="Address the Ethereum JSON-RPC listens on.")
    rpc_port: Port = Field(8545, description="Port of the Ethereum JSON-RPC, HTTP and WebSocket; 0 takes a free one.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe log line written."
    )

    # CHAIN
    chain: str = Field(
        "",
        description="URL of another Ethereum client's JSON-RPC (http, https, ws, wss) to use as the chain; "
        "empty means the embedded engine.",
    )
    follow: str = Field(
        "",
        description="JSON-RPC URL of a node to take blocks from when another key than this node's seals them.",
    )
    confirmations: int = Field(
        0,
        ge=0,
        le=1000,
        description="Blocks that must follow a block before it is booked, for chains without instant finality.",
    )
    produce: bool = Field(True, description="Whether the embedded engine makes blocks.")
    block_interval_s: Seconds = Field(
        0.0, description="Seconds after which an idle embedded chain makes an empty block; 0 means never."
    )
    confirming_blocks: int = Field(
        24,
        ge=0,
        le=1000,
        description="Blocks the embedded engine makes after a transaction that came by JSON-RPC, if need be empty: "
        "tools wait for them. 0 makes none.",
    )
    interpreter: Literal["fast", "plain"] = Field(
        "fast", description="The embedded engine's EVM loop: ours (translated to Python) or py-evm's own."
    )

    block_budget_ms: Count = Field(
        2000, description="Milliseconds after which the embedded engine starts no further transaction in a block."
    )
    call_workers: int = Field(
        2,
        ge=0,
        le=64,
        description="Processes that execute eth_call, estimates and traces; 0 executes them in the node.",
    )
    call_timeout_s: float = Field(
        5.0, gt=0, description="Seconds of wall-clock time after which such a call is killed."
    )
    call_gas_max: Count = Field(50_000_000, description="Gas of a call that names none, and the most one may name.")

    # MONEY
    currencies: Annotated[tuple[str, ...], NoDecode] = Field(
        ("USD", "EUR", "JPY"),
        description="ISO 4217 codes of the currencies issued, one token contract and one reserve each.",
    )
    batch_operations_max: Count = Field(2000, description="Payments in one settlement batch at most.")

    netting_interval_s: Seconds = Field(
        0.0,
        description="Seconds a payment to be settled net waits until a netting cycle is called; 0: the operator calls.",
    )
    netting_queued_max: Count = Field(
        10_000, description="Payments of one member that may wait to be settled net; further ones are refused."
    )
    netting_expires_s: Count = Field(
        86_400, description="Seconds after which a payment that no netting cycle has settled is rejected."
    )

    # PEOPLE
    four_eyes: bool = Field(
        False, description="Whether what the operator does to members and tokens needs a second named operator."
    )
    four_eyes_fiat_above: int = Field(
        1_000_000,
        ge=0,
        description="With four_eyes: so many whole units of fiat a single operator may move in a day.",
    )
    approval_expires_s: Count = Field(86_400, description="Seconds that a second person has to decide.")

    # LIMITS
    body_max_bytes: Bytes = Field(65_536, description="Largest request body the gateway reads.")
    bulk_body_max_bytes: Bytes = Field(4_194_304, description="Largest body of a bulk request.")
    wait_max_s: Seconds = Field(30.0, description="Longest wait a client can ask for with `Prefer: wait=N`.")
    answer_within_s: Span = Field(
        10.0,
        description="Seconds after which the gateway answers 503 where the ledger's store has not answered it; what a "
        "client waits for with `Prefer: wait=N` counts beside.",
    )
    writer_waiting_max: Count = Field(
        20_000, description="Requests that may wait for the writer before new ones get 503."
    )
    mempool_max: Count = Field(10_000, description="Transactions the embedded engine keeps pending at most.")

    # LIMITS OF BOTH DOORS: what a client may have before anybody knows who it is
    connections_max: Count = Field(
        1_000,
        description="Connections to each door at once; of those beyond, who has kept the node waiting longest goes.",
    )
    head_bytes_max: Bytes = Field(32_768, description="Largest head of an HTTP request: its line and header fields.")
    headers_max: Count = Field(100, description="Header fields of an HTTP request at most.")
    head_timeout_s: Span = Field(10.0, description="Seconds a client has to send a request's head.")
    body_timeout_s: Span = Field(10.0, description="Seconds a client has to send a request's body.")
    idle_timeout_s: Span = Field(75.0, description="Seconds a connection is kept open between two requests.")
    rate_window_s: Count = Field(60, description="Seconds over which requests are counted for the limits of a rate.")
    rate_per_key: int = Field(
        300_000, ge=0, description="Requests to the gateway with one API key in such a window; 0: no limit."
    )
    rate_per_address: int = Field(
        6_000, ge=0, description="Requests to the gateway without a valid API key from one address; 0: no limit."
    )

    # LIMITS OF THE JSON-RPC DOOR: what callers may ask for at once; see docs/reference/json-rpc.md
    rpc_cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Origins whose web pages may use the JSON-RPC, or `*` for any."
    )
    rpc_allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        ("localhost",), description="Host names the JSON-RPC answers to besides IP addresses, or `*` for any."
    )
    rpc_rate_per_address: int = Field(
        300_000, ge=0, description="Requests to the JSON-RPC from one address in `rate_window_s`; 0: no limit."
    )
    rpc_request_bytes: Bytes = Field(5_242_880, description="Largest JSON-RPC request or WebSocket message.")
    rpc_batch_items: Count = Field(1_000, description="Requests in a JSON-RPC batch at most.")
    rpc_batch_response_bytes: Bytes = Field(26_214_400, description="Bytes after which a batch gets no more results.")
    rpc_log_blocks: Count = Field(100_000, description="Blocks one `eth_getLogs` may span.")
    rpc_log_results: Count = Field(20_000, description="Logs one `eth_getLogs` may find.")
    rpc_log_addresses: Count = Field(1_000, description="Addresses in a log filter at most.")
    rpc_log_topics: Count = Field(1_000, description="Topics in each position of a log filter at most.")
    rpc_fee_history_blocks: Count = Field(1_024, description="Blocks that `eth_feeHistory` answers for at most.")
    rpc_proof_slots: Count = Field(1_024, description="Storage slots in one `eth_getProof` at most.")
    rpc_storage_slots: Count = Field(1_024, description="Storage slots one request may name, or be shown, at most.")
    rpc_simulated_blocks: Count = Field(256, description="Blocks in one `eth_simulateV1` at most.")
    rpc_simulated_calls: Count = Field(1_000, description="Calls in one `eth_simulateV1` at most.")
    rpc_trace_steps: Count = Field(200_000, description="Steps that a struct-logger trace may have.")
    rpc_trace_blocks: Count = Field(
        100, description="Blocks that one `trace_filter` or one search of Otterscan's executes again at most."
    )
    rpc_trace_results: Count = Field(10_000, description="Traces in one answer, and transactions on a page, at most.")
    rpc_search_ms: Count = Field(10_000, description="Milliseconds after which an Otterscan search goes no further.")
    rpc_filters: Count = Field(1_000, description="Filters (`eth_newFilter` and its kind) kept at once.")
    rpc_filter_idle_ms: Count = Field(300_000, description="Milliseconds after which a filter nobody asks for is gone.")
    rpc_filter_changes: Count = Field(
        10_000, description="Changes in one answer of a filter, and pending transactions it keeps."
    )
    rpc_connections: Count = Field(256, description="WebSocket connections at once.")
    rpc_subscriptions_per_connection: Count = Field(64, description="Subscriptions on one WebSocket connection.")
    rpc_requests_per_connection: Count = Field(32, description="Requests under way on one WebSocket connection.")
    rpc_unsent_messages: Count = Field(
        2_000, description="Messages waiting for a slow WebSocket client before it is disconnected."
    )
    rpc_concurrent_calls: Count = Field(16, description="JSON-RPC requests that execute (calls, traces) at once.")
    rpc_concurrent_waits: Count = Field(64, description="`eth_sendRawTransactionSync` requests waiting at once.")
    rpc_waiting_requests: Count = Field(
        512, description="JSON-RPC requests that may wait for their turn, of each kind."
    )
    rpc_send_sync_timeout_ms: Count = Field(
        20_000, description="Milliseconds that `eth_sendRawTransactionSync` waits when the caller names none."
    )
    rpc_send_sync_timeout_max_ms: Count = Field(
        60_000, description="Most milliseconds a caller may have `eth_sendRawTransactionSync` wait."
    )

    @field_validator("currencies", "rpc_cors_origins", "rpc_allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value

    @field_validator("chain")
    @classmethod
    def _address_of_a_chain(cls, value: str) -> str:
        return _url(value, "http", "https", "ws", "wss")

    @field_validator("follow")
    @classmethod
    def _address_of_a_node(cls, value: str) -> str:
        return _url(value, "http", "https")

    @field_validator("currencies")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            for code in value:
                currency(code)
        except UnknownCurrency as error:
            raise ValueError(error.detail) from None
        if not value or len(set(value)) != len(value):
            raise ValueError("name each currency once, and at least one")
        return value

    @property
    def ledger_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data / 'ledger.sqlite'}"

    @property
    def password_path(self) -> Path:
        return Path(self.password_file) if self.password_file else self.data / "keys" / "password"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        flags = init_settings()
        data = Path(flags.get("data") or os.environ.get("LEDGER_DATA") or cls.model_fields["data"].default)
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, data / "config.toml")


def _url(value: str, *schemes: str) -> str:
    """Whole and of one of these schemes, or empty. What is wrong is said without the URL: it may hold a password."""
    try:
        parts = urlsplit(value)
        whole = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if value and not whole:
        raise ValueError(f"write a URL with its scheme and host, http://127.0.0.1:8545; schemes: {', '.join(schemes)}")
    return value


def load_config(flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Config:
    """The Config of these flags (None means not given). Raises ConfigurationError naming each setting that is wrong."""
    unknown = sorted(
        name
        for name in environment
        if name.startswith(ENVIRONMENT_PREFIX) and name[len(ENVIRONMENT_PREFIX) :].lower() not in Config.model_fields
    )
    if unknown:
        raise ConfigurationError(
            f"Unknown setting in the environment: {', '.join(unknown)}. See docs/reference/settings.md."
        )
    try:
        return Config(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        raise ConfigurationError("; ".join(_sentence(dict(problem)) for problem in error.errors())) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"config.toml is not valid TOML: {error}.") from None


def _sentence(problem: dict[str, Any]) -> str:
    name = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"unknown setting {name!r}"
    return f"setting {name!r}: {problem['msg']}"
