"""What only this door can refuse: wrong HTTP, wrong JSON. Part of the tree drawn in `ledger_node/errors/__init__.py`.

Malformed   malformed_json, unknown_parameter, body_too_large, unsupported_media_type, request_timeout,
            malformed_http, headers_too_large, transfer_coding_unknown
Refused     method_not_allowed, rate_limited
NotFound    api_key_not_found
"""

from ledger_node.errors import Malformed, NotFound, Refused


class MalformedJson(Malformed):
    code = "malformed_json"
    title = "The body is not valid JSON"
    remedy = "Send one JSON object in UTF-8. The detail says where reading stopped."


class UnknownParameter(Malformed):
    """A query parameter nobody knows is refused, so that a misspelt filter does not silently list everything."""

    code = "unknown_parameter"
    title = "The query has a parameter this endpoint does not know"
    remedy = "Remove the parameter or mend its spelling; a misspelt filter would have listed everything."


class BodyTooLarge(Malformed):
    code = "body_too_large"
    status = 413
    title = "The body is too large"
    remedy = "Send a smaller body; the detail names the limit, which the operator sets as body_max_bytes."


class UnsupportedMediaType(Malformed):
    code = "unsupported_media_type"
    status = 415
    title = "The body must be application/json"
    remedy = "Send Content-Type: application/json and no Content-Encoding."


class RequestTimeout(Malformed):
    """The head or the body did not arrive in time; what had arrived was thrown away."""

    code = "request_timeout"
    status = 408
    title = "The request took too long to arrive"
    remedy = "Send the whole request at once. A payment may be repeated with the same Idempotency-Key."


class MalformedHttp(Malformed):
    """Not HTTP/1.1, or a request that two readers could read in two ways; the connection ends."""

    code = "malformed_http"
    title = "This is not a valid HTTP request"
    remedy = (
        "Send HTTP/1.1 as RFC 9112 has it: one Host, one Content-Length or `Transfer-Encoding: chunked`, CRLF at "
        "the end of every line. The connection was closed."
    )


class HeadersTooLarge(Malformed):
    code = "headers_too_large"
    status = 431
    title = "The request's head is too large"
    remedy = "Send fewer or shorter header fields (settings `head_bytes_max`, `headers_max`)."


class TransferCodingUnknown(Malformed):
    code = "transfer_coding_unknown"
    status = 501
    title = "The body comes in a transfer coding that is not understood here"
    remedy = "Send the body as it is or chunked, without compression."


class MethodNotAllowed(Refused):
    code = "method_not_allowed"
    status = 405
    title = "This path does not take this method"
    remedy = "The Allow header lists the methods of this path."


class RateLimited(Refused):
    code = "rate_limited"
    status = 429
    title = "Too many requests in a short time"
    remedy = (
        "Wait as many seconds as Retry-After says; RateLimit says what is left (settings `rate_per_key`, "
        "`rate_per_address`). A payment may be repeated with the same Idempotency-Key."
    )


class ApiKeyNotFound(NotFound):
    code = "api_key_not_found"
    title = "No such API key"
    remedy = "List the keys to find the right id."
