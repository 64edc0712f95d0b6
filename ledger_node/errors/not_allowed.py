"""The caller may not do this."""

from ledger_node.errors.base import Refused


class NotAllowed(Refused):
    code = "not_allowed"
    status = 403
    title = "Not allowed"
    remedy = "Ask the operator what your organisation may do."


class Unauthenticated(NotAllowed):
    code = "unauthenticated"
    status = 401
    title = "No valid API key was shown"
    remedy = (
        "Send a live API key as `Authorization: Bearer lnk_…`. A key that was revoked stays revoked: ask the "
        "operator for a new one."
    )


class Forbidden(NotAllowed):
    code = "forbidden"
    title = "This API key may not do this"
    reason_code = "AG01"
    remedy = "Use a key with the scope that the detail names."


class MemberNotActive(NotAllowed):
    code = "member_not_active"
    title = "The member is not active"
    reason_code = "AG01"
    remedy = "The operator must activate the member first."


class MemberSuspended(NotAllowed):
    code = "member_suspended"
    title = "The member is suspended"
    reason_code = "AG10"
    remedy = "The operator has suspended the member; reading still works. Ask the operator."


class OwnRequest(NotAllowed):
    code = "own_request"
    title = "Nobody decides on their own request"
    reason_code = "AG01"
    remedy = "Another person must decide; one's own second key does not count."


class NamedOperatorNeeded(NotAllowed):
    """With four eyes on, a key that is nobody's in particular neither asks nor approves."""

    code = "named_operator_needed"
    title = "This needs the key of a named operator"
    remedy = "Use a key that POST /v1/operators made; four_eyes is on."
