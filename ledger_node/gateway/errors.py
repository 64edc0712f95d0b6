"""What only this door can refuse: wrong HTTP, wrong JSON. Part of the tree drawn in `ledger_node/errors.py`.

Malformed   malformed_json, unknown_parameter, body_too_large, unsupported_media_type, request_timeout
Refused     method_not_allowed
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
    """The body did not arrive in time; what had arrived was thrown away."""

    code = "request_timeout"
    title = "The body took too long to arrive"


class MethodNotAllowed(Refused):
    code = "method_not_allowed"
    title = "This path does not take this method"


class ApiKeyNotFound(NotFound):
    code = "api_key_not_found"
    title = "No such API key"
