"""The description of this API (OpenAPI 3.1) at `/openapi.json`: FastAPI's, with what it cannot know added.

Every route but the probes needs a bearer key and may answer the common problems; request bodies carry their example.
"""

from collections.abc import Iterator
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from starlette.responses import Response

from ledger_node.gateway.answers import problem_responses, problems
from ledger_node.gateway.forms import Form
from ledger_node.gateway.views import ProblemView, View

_INTRODUCTION = """\
REST interface of a ledger node: member banks **mint** (DDA to BDA), **transfer** (BDA to BDA) and **redeem** (BDA to
DDA) a deposit token that is backed 1:1 on the issuer's books.

* Money is a decimal string with a currency: `{"amount": "60.00", "currency": "USD"}`.
* Every POST that moves money needs an `Idempotency-Key`; the same key and body again give the same answer, with
  `Idempotent-Replayed: true`.
* `Prefer: wait=N` waits up to N seconds for the final status.
* Errors are `application/problem+json` with a stable `code`; each `type` is a page of this server.
"""

_TAGS = [
    {"name": "payments", "description": "Mint, transfer, redeem."},
    {"name": "accounts", "description": "DDAs and BDAs, their balances and entries."},
    {"name": "fiat", "description": "Fiat into and out of a DDA, by the operator."},
    {"name": "members", "description": "Member banks, their limits and API keys, by the operator."},
    {"name": "orders", "description": "Freeze, seize, pause: by the operator, each with its reason."},
    {"name": "people", "description": "Operators by name, what waits for a second person, and the audit log."},
    {"name": "house keys", "description": "The house's own keys on chain, and how they change hands."},
    {"name": "house", "description": "The reserve, and what happened."},
    {"name": "node", "description": "Probes and metrics."},
]

_REQUEST_ID_HEADER = {
    "description": "Yours, if you sent one; quote it when you ask about this request.",
    "schema": {"type": "string"},
}
_PROBES = ("/livez", "/readyz")
_REQUEST_ID = {"$ref": "#/components/headers/X-Request-Id"}


def describe(app: FastAPI) -> None:
    """Give the app its description and the path that serves it."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _complete(_generated(app))
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]

    @app.get("/openapi.json", include_in_schema=False)
    async def description() -> Response:
        return Response(
            orjson.dumps(app.openapi()), media_type="application/json", headers={"Cache-Control": "no-cache"}
        )


def _generated(app: FastAPI) -> dict[str, Any]:
    return get_openapi(
        title=app.title,
        version=app.version,
        openapi_version="3.1.0",
        description=_INTRODUCTION,
        routes=app.routes,
        tags=_TAGS,
    )


def _complete(schema: dict[str, Any]) -> dict[str, Any]:
    components = schema.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    problem = ProblemView.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas[ProblemView.__name__] = problem
    for model in (*_descend(View), *_descend(Form)):
        extra = model.model_config.get("json_schema_extra")
        if model.__name__ in schemas and isinstance(extra, dict):
            schemas[model.__name__] |= extra  # FastAPI sorts an example and leaves its nulls out
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["headers"] = {"X-Request-Id": _REQUEST_ID_HEADER}
    schema["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    schema["servers"] = [{"url": "/", "description": "This node."}]
    components["responses"] = problem_responses()
    components["securitySchemes"] = {
        "api_key": {"type": "http", "scheme": "bearer", "description": "An API key: `lnk_…`."}
    }
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            _complete_operation(path, operation)
    return schema


def _complete_operation(path: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422")):  # FastAPI's own word for it; ours is 400
        del responses["422"]
    if path in _PROBES:
        operation["security"] = []
        responses.update({str(status): described for status, described in problems(400).items()})
        return
    operation["security"] = [{"api_key": []}]
    common = [400, 401, 403, 429, 500] + ([404] if "{" in path else [])
    if "requestBody" in operation:
        common += [408, 413, 415, 503]
    for status, described in problems(*common).items():
        responses.setdefault(str(status), described)
    for response in responses.values():
        if "$ref" not in response:
            response.setdefault("headers", {})["X-Request-Id"] = _REQUEST_ID
    operation["responses"] = dict(sorted(responses.items()))


def _descend(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for child in model.__subclasses__():
        yield child
        yield from _descend(child)
