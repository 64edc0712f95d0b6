"""Every error the node can tell a caller, in one tree; each leaf has a stable code.

    LedgerNodeError
    ├── Refused                        the caller asked for what the rules forbid; nothing changed
    │   ├── Malformed                  malformed_json, invalid_field, invalid_amount, ...
    │   ├── NotAllowed                 unauthenticated, forbidden, member_suspended, ...
    │   ├── NotFound                   member_not_found, account_not_found, payment_not_found, ...
    │   ├── Conflict                   idempotency_conflict, already_exists, wrong_state
    │   └── Unpayable                  insufficient_funds, currency_mismatch, limit_exceeded, ...
    ├── Unavailable                    the node cannot do it now; trying again later is right
    └── Fault                          the node found its own stores in disagreement; it stops rather than guesses

This room knows no transport: `gateway` maps codes to HTTP statuses, `rpc` to JSON-RPC codes, in one table each. Errors
of the chain door live in `chain/errors.py` and derive from this tree.
"""

from typing import Any


class LedgerNodeError(Exception):
    """An expected error: `code` is stable, `detail` says what is wrong and how to mend it, `facts` carry the numbers.

    `pointer` names the field of the request that is at fault (a JSON pointer, RFC 6901), `reason_code` the ISO 20022
    external status reason code where the error concerns a payment.
    """

    code = "internal"
    title = "The node could not do this"
    reason_code: str | None = None

    def __init__(self, detail: str, *, pointer: str | None = None, **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer
        self.facts = facts


class Refused(LedgerNodeError):
    code = "refused"
    title = "Request refused"


class Malformed(Refused):
    code = "malformed"
    title = "Request is malformed"


class InvalidField(Malformed):
    code = "invalid_field"
    title = "A field of the request is not valid"


class InvalidAmount(Malformed):
    """Not a decimal string, too many digits for the currency, zero, negative, or above AMOUNT_MAX."""

    code = "invalid_amount"
    title = "The amount is not valid"
    reason_code = "AM02"


class UnknownCurrency(Malformed):
    code = "unknown_currency"
    title = "This currency is not handled here"
    reason_code = "AM03"


class IdempotencyKeyMissing(Malformed):
    code = "idempotency_key_missing"
    title = "This request needs an Idempotency-Key header"


class IdempotencyKeyInvalid(Malformed):
    code = "idempotency_key_invalid"
    title = "The Idempotency-Key header is not valid"


class ProofInvalid(Malformed):
    """A proof of reserves proves nothing: a hash, a sum or the signature in it is not right."""

    code = "proof_invalid"
    title = "The proof does not hold"


class NotAllowed(Refused):
    code = "not_allowed"
    title = "Not allowed"


class Unauthenticated(NotAllowed):
    code = "unauthenticated"
    title = "No valid API key was shown"


class Forbidden(NotAllowed):
    code = "forbidden"
    title = "This API key may not do this"
    reason_code = "AG01"


class MemberNotActive(NotAllowed):
    code = "member_not_active"
    title = "The member is not active"
    reason_code = "AG01"


class MemberSuspended(NotAllowed):
    code = "member_suspended"
    title = "The member is suspended"
    reason_code = "AG10"


class OwnRequest(NotAllowed):
    code = "own_request"
    title = "Nobody decides on their own request"
    reason_code = "AG01"


class NamedOperatorNeeded(NotAllowed):
    """With four eyes on, a key that is nobody's in particular neither asks nor approves."""

    code = "named_operator_needed"
    title = "This needs the key of a named operator"


class NotFound(Refused):
    code = "not_found"
    title = "No such resource"


class MemberNotFound(NotFound):
    code = "member_not_found"
    title = "No such member"


class AccountNotFound(NotFound):
    code = "account_not_found"
    title = "No such account"
    reason_code = "AC01"


class PaymentNotFound(NotFound):
    code = "payment_not_found"
    title = "No such payment"


class OperatorNotFound(NotFound):
    code = "operator_not_found"
    title = "No such operator"


class ApprovalNotFound(NotFound):
    code = "approval_not_found"
    title = "No such request for approval"


class HouseKeyNotFound(NotFound):
    code = "house_key_not_found"
    title = "No such key of the house"


class OrderNotFound(NotFound):
    code = "order_not_found"
    title = "No such order"


class NettingCycleNotFound(NotFound):
    code = "netting_cycle_not_found"
    title = "No such netting cycle"


class NotSettledNet(NotFound):
    """Only a payment that a netting cycle has settled stands under a root on chain."""

    code = "not_settled_net"
    title = "The payment was not settled net, or not yet"


class AttestationNotFound(NotFound):
    code = "attestation_not_found"
    title = "No such attestation, or none with this account in it"


class Conflict(Refused):
    code = "conflict"
    title = "The request conflicts with what is there"


class IdempotencyConflict(Conflict):
    code = "idempotency_conflict"
    title = "This Idempotency-Key was used for another request"
    reason_code = "AM05"


class AlreadyExists(Conflict):
    code = "already_exists"
    title = "It exists already"


class WrongState(Conflict):
    code = "wrong_state"
    title = "Its state does not allow this"


class NotEmpty(Conflict):
    """A member or account that is to be closed still has money, or something on its way."""

    code = "not_empty"
    title = "There is still money in it or on its way"


class ApprovalExpired(Conflict):
    code = "approval_expired"
    title = "The request for approval has expired"


class Unpayable(Refused):
    code = "unpayable"
    title = "The payment breaks a rule"
    reason_code = "AG01"


class WrongAccountKind(Unpayable):
    code = "wrong_account_kind"
    title = "The account is of the wrong kind for this verb"
    reason_code = "AG01"


class SameAccount(Unpayable):
    code = "same_account"
    title = "Debtor and creditor account are the same"
    reason_code = "AC01"


class CurrencyMismatch(Unpayable):
    code = "currency_mismatch"
    title = "The currency is not the account's"
    reason_code = "AC09"


class AccountNotActive(Unpayable):
    code = "account_not_active"
    title = "The account is not active"
    reason_code = "AC06"


class AccountClosed(Unpayable):
    code = "account_closed"
    title = "The account is closed"
    reason_code = "AC04"


class SelfCustody(Unpayable):
    """A BDA in the member's own custody moves only by the member's own key."""

    code = "self_custody"
    title = "The account moves only by its own key"
    reason_code = "AG01"


class AuthorizationInvalid(Unpayable):
    """Not the signature of the debtor's key over this transfer, on this token and chain, in its one low-s form."""

    code = "authorization_invalid"
    title = "The authorisation is not the debtor's for this transfer"
    reason_code = "AG01"


class AuthorizationNotYetValid(Unpayable):
    code = "authorization_not_yet_valid"
    title = "The authorisation is not valid yet"
    reason_code = "DT01"


class AuthorizationExpired(Unpayable):
    code = "authorization_expired"
    title = "The authorisation is no longer valid"
    reason_code = "DT01"


class AuthorizationUsed(Unpayable):
    """Its nonce was presented here before, or was used or canceled on chain."""

    code = "authorization_used"
    title = "The authorisation was used before"
    reason_code = "AM05"


class CreditorNotActive(Unpayable):
    code = "creditor_not_active"
    title = "The creditor cannot receive"
    reason_code = "AC03"


class InsufficientFunds(Unpayable):
    code = "insufficient_funds"
    title = "Not enough fiat on the deposit account"
    reason_code = "AM04"


class InsufficientBalance(Unpayable):
    """Not enough tokens on the BDA, counting payments in flight."""

    code = "insufficient_balance"
    title = "Not enough tokens on the blockchain account"
    reason_code = "AM04"


class NettingExpired(Unpayable):
    code = "netting_expired"
    title = "No netting cycle settled it in time"
    reason_code = "AM04"


class NettingQueueFull(Unpayable):
    code = "netting_queue_full"
    title = "Too many of the member's payments wait to be settled net"


class LimitExceeded(Unpayable):
    code = "limit_exceeded"
    title = "Above the agreed limit"
    reason_code = "AM14"


class RejectedOnChain(Unpayable):
    """The token contract refused the leg or the batch; the payment is rejected with the contract's reason."""

    code = "rejected_on_chain"
    title = "The token contract refused"
    reason_code = "AG01"


# UNAVAILABLE: not now


class Unavailable(LedgerNodeError):
    code = "unavailable"
    title = "The node cannot do this now"


class Stopping(Unavailable):
    code = "stopping"
    title = "The node is stopping"


class Overloaded(Unavailable):
    code = "overloaded"
    title = "Too much work is waiting"


class DoorsClosed(Unavailable):  # book and chain disagree, or a store is damaged, until an operator has mended it
    code = "doors_closed"
    title = "Money does not move"


class StorageUnavailable(Unavailable):  # locked, away, full or not writable; a lost commit may have been kept
    code = "storage_unavailable"
    title = "A store of the node cannot be used now"


# FAULT: stop rather than guess


class Fault(LedgerNodeError):
    code = "fault"
    title = "The node's stores disagree"


class StorageFailed(Fault):  # damaged, or it holds what cannot be read as what it should be
    code = "storage_failed"
    title = "A store of the node is damaged"


class ConfigurationError(LedgerNodeError):
    """A setting is unknown, missing or impossible; the node does not start."""

    code = "configuration_error"
    title = "The configuration is not valid"


class ChainBehindLedger(Fault):
    """The ledger booked blocks which the chain no longer has."""

    code = "chain_behind_ledger"
    title = "The chain lost blocks that are already booked"


class LedgerBehindChain(Fault):
    """The chain has batches or registrations signed by our keys that this ledger never made: it is an older copy."""

    code = "ledger_behind_chain"
    title = "The ledger is older than its chain"


class BackingBroken(Fault):
    """Supply exceeds reserve, or their difference exceeds what is in flight."""

    code = "backing_broken"
    title = "The token is not backed 1:1"
