"""What every error the node can tell a caller says of itself, and the refusals' common class."""

from typing import Any


class LedgerNodeError(Exception):
    """An expected error: `code` is stable, `detail` says what is wrong and how to mend it, `facts` carry the numbers.

    `status` sorts errors by kind in the numbers of HTTP (RFC 9110), `remedy` says in a sentence what a caller can do.
    `pointer` names the field of the request that is at fault (a JSON pointer, RFC 6901), `reason_code` the ISO 20022
    external status reason code where the error concerns a payment.
    """

    code = "internal"
    status = 500
    title = "The node could not do this"
    reason_code: str | None = None
    remedy = (
        "The fault is the node's. Quote the request_id to the operator; a payment may be repeated with the "
        "same Idempotency-Key."
    )

    def __init__(self, detail: str, *, pointer: str | None = None, **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer
        self.facts = facts


class Refused(LedgerNodeError):
    code = "refused"
    status = 422
    title = "Request refused"
    remedy = "The detail says which rule refused it."
