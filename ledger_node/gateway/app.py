"""The REST application for member banks and the operator: routes, how errors are told, what every answer carries.

Holds no rule about money: handlers read a request, hand it to settlement and render what comes back.
"""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from ledger_node import __version__
from ledger_node.errors import LedgerNodeError
from ledger_node.gateway import pages, problems
from ledger_node.gateway.credentials import KeyRing
from ledger_node.gateway.envelope import Envelope, Rates
from ledger_node.gateway.metrics import Metrics
from ledger_node.gateway.openapi import describe
from ledger_node.gateway.routes import (
    accounts,
    api_keys,
    attestations,
    bulk,
    events,
    fiat,
    members,
    netting,
    orders,
    payments,
    people,
    probes,
    reconciliation,
    reserve,
    signing_keys,
)
from ledger_node.settlement.engine import SettlementEngine

_PARTS = (
    payments, bulk, netting, fiat, accounts, members, orders, people, signing_keys, api_keys, reserve,
    attestations, reconciliation, events, probes, pages,
)  # fmt: skip


def create_app(
    settlement: SettlementEngine, *, body_max_bytes: int = 65_536, bulk_body_max_bytes: int = 4_194_304,
    wait_max_s: float = 30.0, answer_within_s: float = 10.0, rate_per_key: int = 0, rate_per_address: int = 0,
    rate_window_s: int = 60,
) -> FastAPI:  # fmt: skip
    """The application on top of a running settlement engine, whose ledger is migrated. A rate of 0 is no limit."""
    app = FastAPI(
        title="Ledger node",
        version=__version__,
        openapi_url=None,  # served by openapi.py, which adds what FastAPI cannot know
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # One flat list: an included router would be one more thing to try per request.
        routes=[route for part in _PARTS for route in part.router.routes],
    )
    metrics = Metrics()
    metrics.watch(
        "ledger_reconciliation_breaks", "Differences between book and chain; money moves while there are none.",
        lambda: len(settlement.reconciler.breaks),
    )  # fmt: skip
    app.state.settlement = settlement
    app.state.keys = KeyRing(settlement.database, settlement.clock)
    settlement.four_eyes.keys = app.state.keys
    app.state.metrics = metrics
    app.state.body_max_bytes = body_max_bytes
    app.state.bulk_body_max_bytes = bulk_body_max_bytes
    app.state.wait_max_s = wait_max_s
    rates = Rates.of(per_key=rate_per_key, per_address=rate_per_address, window_s=rate_window_s)
    app.add_middleware(
        Envelope, metrics=metrics, keys=app.state.keys, rates=rates, answer_within_s=answer_within_s,
        store=settlement.database.name,
    )  # fmt: skip
    app.add_exception_handler(LedgerNodeError, problems.tell_error)
    app.add_exception_handler(RequestValidationError, problems.tell_invalid)
    app.add_exception_handler(HTTPException, problems.tell_http)
    describe(app)
    return app
