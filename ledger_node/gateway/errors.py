"""What only this door can refuse: wrong HTTP, wrong JSON. Part of the tree drawn in `ledger_node/errors.py`.

Malformed   malformed_json, unknown_parameter, body_too_large, unsupported_media_type, request_timeout,
            malformed_http, headers_too_large, transfer_coding_unknown
Refused     method_not_allowed, rate_limited
NotFound    api_key_not_found
"""

from ledger_node.errors import Malformed, NotFound, Refused


class MalformedJson(Malformed):
    code = "malformed_json"
    title = "The body is not valid JSON"


class UnknownParameter(Malformed):
    """A query parameter nobody knows is refused, so that a misspelt filter does not silently list everything."""

    code = "unknown_parameter"
    title = "The query has a parameter this endpoint does not know"


class BodyTooLarge(Malformed):
    code = "body_too_large"
    title = "The body is too large"


class UnsupportedMediaType(Malformed):
    code = "unsupported_media_type"
    title = "The body must be application/json"


class RequestTimeout(Malformed):
    """The head or the body did not arrive in time; what had arrived was thrown away."""

    code = "request_timeout"
    title = "The request took too long to arrive"


class MalformedHttp(Malformed):
    """Not HTTP/1.1, or a request that two readers could read in two ways; the connection ends."""

    code = "malformed_http"
    title = "This is not a valid HTTP request"


class HeadersTooLarge(Malformed):
    code = "headers_too_large"
    title = "The request's head is too large"


class TransferCodingUnknown(Malformed):
    code = "transfer_coding_unknown"
    title = "The body comes in a transfer coding that is not understood here"


class MethodNotAllowed(Refused):
    code = "method_not_allowed"
    title = "This path does not take this method"


class RateLimited(Refused):
    code = "rate_limited"
    title = "Too many requests in a short time"


class ApiKeyNotFound(NotFound):
    code = "api_key_not_found"
    title = "No such API key"
