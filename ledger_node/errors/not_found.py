"""There is no such thing, or it is not the caller's to see."""

from ledger_node.errors.base import Refused


class NotFound(Refused):
    code = "not_found"
    status = 404
    title = "No such resource"
    remedy = "Check the path against /docs."


class MemberNotFound(NotFound):
    code = "member_not_found"
    title = "No such member"
    remedy = "Check the id. Members see themselves only."


class AccountNotFound(NotFound):
    code = "account_not_found"
    title = "No such account"
    reason_code = "AC01"
    remedy = "Check the id. An account that is not yours answers like one that does not exist."


class PaymentNotFound(NotFound):
    code = "payment_not_found"
    title = "No such payment"
    remedy = "Check the id and the path: a mint is not found under transfers."


class OperatorNotFound(NotFound):
    code = "operator_not_found"
    title = "No such operator"
    remedy = "GET /v1/operators lists them."


class ApprovalNotFound(NotFound):
    code = "approval_not_found"
    title = "No such request for approval"
    remedy = "GET /v1/approvals lists what you may see."


class HouseKeyNotFound(NotFound):
    code = "house_key_not_found"
    title = "No such key of the house"
    remedy = "GET /v1/house_keys lists them."


class OrderNotFound(NotFound):
    code = "order_not_found"
    title = "No such order"
    remedy = "GET /v1/orders lists them."


class NettingCycleNotFound(NotFound):
    code = "netting_cycle_not_found"
    title = "No such netting cycle"
    remedy = "List them with GET /v1/netting_cycles."


class NotSettledNet(NotFound):
    """Only a payment that a netting cycle has settled stands under a root on chain."""

    code = "not_settled_net"
    title = "The payment was not settled net, or not yet"
    remedy = "Read the transfer: `settlement` is `net` and `status` is `settled` when it has a proof."


class AttestationNotFound(NotFound):
    code = "attestation_not_found"
    title = "No such attestation, or none with this account in it"
    remedy = (
        "List them with GET /v1/reserve/attestations. An account is in those of its currency made after it was "
        "registered."
    )
