"""The request conflicts with what is there."""

from ledger_node.errors.base import Refused


class Conflict(Refused):
    code = "conflict"
    status = 409
    title = "The request conflicts with what is there"
    remedy = "Read the resource again and decide anew."


class IdempotencyConflict(Conflict):
    code = "idempotency_conflict"
    status = 422
    title = "This Idempotency-Key was used for another request"
    reason_code = "AM05"
    remedy = (
        "The key belongs to an earlier, different request, which the detail names. For a new request take a new key."
    )


class AlreadyExists(Conflict):
    code = "already_exists"
    title = "It exists already"
    remedy = "Use the one that exists; `facts` may name it."


class WrongState(Conflict):
    code = "wrong_state"
    title = "Its state does not allow this"
    remedy = "Read the resource: its state has moved on, or is not there yet."


class NotEmpty(Conflict):
    """A member or account that is to be closed still has money, or something on its way."""

    code = "not_empty"
    title = "There is still money in it or on its way"
    remedy = "Redeem the tokens, withdraw the fiat, wait until nothing is on its way; `facts` says what is left."


class ApprovalExpired(Conflict):
    code = "approval_expired"
    title = "The request for approval has expired"
    remedy = "Ask again; the other person has until `expires_at`."
