"""The request cannot be read, or a field of it is not what it should be."""

from ledger_node.errors.base import Refused


class Malformed(Refused):
    code = "malformed"
    status = 400
    title = "Request is malformed"
    remedy = "The request cannot be read. Compare it with the example at /docs."


class InvalidField(Malformed):
    code = "invalid_field"
    title = "A field of the request is not valid"
    remedy = "`errors` names each field at fault by JSON pointer and says what it should be."


class InvalidAmount(Malformed):
    """Not a decimal string, too many digits for the currency, zero, negative, or above AMOUNT_MAX."""

    code = "invalid_amount"
    title = "The amount is not valid"
    reason_code = "AM02"
    remedy = (
        'Send a string such as "60.00": greater than zero, no sign or exponent, at most the currency\'s '
        "digits, at most 2^53-1 minor units."
    )


class UnknownCurrency(Malformed):
    code = "unknown_currency"
    title = "This currency is not handled here"
    reason_code = "AM03"
    remedy = "Use an ISO 4217 code this node issues; GET /v1/reserve lists them."


class IdempotencyKeyMissing(Malformed):
    code = "idempotency_key_missing"
    title = "This request needs an Idempotency-Key header"
    remedy = "Make a key of your own (a UUID will do), store it with the payment, and send it as Idempotency-Key."


class IdempotencyKeyInvalid(Malformed):
    code = "idempotency_key_invalid"
    title = "The Idempotency-Key header is not valid"
    remedy = "Send one Idempotency-Key header of 1 to 255 visible ASCII characters."


class ProofInvalid(Malformed):
    """A proof of reserves proves nothing: a hash, a sum or the signature in it is not right."""

    code = "proof_invalid"
    title = "The proof does not hold"
    remedy = "The detail says what is wrong. If the file is as it was handed out, ask the operator."
