"""Who calls: a request's bearer key turned into a Caller, and the scope a route asks for. The only use of `Depends`.

Knows keys and scopes; whether a member may pay is settlement's question.
"""

from collections.abc import MutableMapping
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from ledger_node.access.model import Caller
from ledger_node.errors import Forbidden, Unauthenticated
from ledger_node.gateway.credentials import KeyRing, Scope


class _Identify:
    """One of these per set of scopes; `scopes` is there to be read by the reference's test."""

    def __init__(self, *scopes: Scope) -> None:
        self.scopes = scopes

    async def __call__(self, request: Request) -> Caller:
        caller: Caller | None = getattr(request.state, "caller", None)
        if caller is None:
            caller = request.state.caller = _known(request)
        if caller.scope not in self.scopes:
            raise Forbidden(f"This needs a key of scope {' or '.join(self.scopes)}; this one has scope {caller.scope}.")
        return caller


def recognise(scope: MutableMapping[str, Any], keys: KeyRing) -> Caller | None:
    """Whose key a request shows, remembered for its route; None where that would refuse it."""
    try:
        caller = keys.caller(_shown_key(Request(scope)))
    except Unauthenticated:
        return None
    scope["state"]["caller"] = caller
    return caller


def _known(request: Request) -> Caller:
    keys: KeyRing = request.app.state.keys
    return keys.caller(_shown_key(request))


def _shown_key(request: Request) -> str:
    shown = request.headers.getlist("authorization")
    if len(shown) != 1:
        raise Unauthenticated("Send your API key as: Authorization: Bearer lnk_…")
    scheme, _, key = shown[0].partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Unauthenticated("Send your API key as: Authorization: Bearer lnk_…")
    return key.strip()


Anybody = Annotated[Caller, Depends(_Identify("member", "operator", "supervisor"))]
"""Any live key; the queries show a member only what is its own."""

Payer = Annotated[Caller, Depends(_Identify("member"))]
Writer = Annotated[Caller, Depends(_Identify("member", "operator"))]
Operator = Annotated[Caller, Depends(_Identify("operator"))]
Overseer = Annotated[Caller, Depends(_Identify("operator", "supervisor"))]
