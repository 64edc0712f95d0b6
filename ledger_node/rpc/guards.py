"""Who may knock: the checks of Host, Origin and content type that keep web pages of strangers off the port."""

import ipaddress

Headers = dict[bytes, bytes]

_JSON_TYPES = ("application/json", "application/json-rpc", "application/jsonrequest")


def accepts_host(headers: Headers, allowed: tuple[str, ...]) -> bool:
    """An IP address, or one of the allowed names: a page cannot make a browser send either under its own name."""
    host = headers.get(b"host", b"").decode("latin-1").lower()
    if host == "" or "*" in allowed:
        return True
    name = host[1 : host.find("]")] if host.startswith("[") else host.rsplit(":", 1)[0]
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name in allowed
    return True


def accepts_origin(headers: Headers, allowed: tuple[str, ...]) -> bool:
    """Programs send no Origin; a browser always does."""
    origin = headers.get(b"origin")
    return origin is None or "*" in allowed or origin.decode("latin-1").lower() in allowed


def cors_headers(headers: Headers, allowed: tuple[str, ...]) -> list[tuple[bytes, bytes]]:
    """None of them for an origin that is not allowed, and the browser then keeps the answer from the page."""
    origin = headers.get(b"origin")
    if origin is None or not accepts_origin(headers, allowed):
        return []
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-methods", b"POST"),
        (b"access-control-allow-headers", b"content-type"),
        (b"access-control-max-age", b"600"),
        (b"vary", b"origin"),
    ]


def is_json(headers: Headers) -> bool:
    content_type = headers.get(b"content-type", b"").decode("latin-1")
    return content_type.split(";", 1)[0].strip().lower() in _JSON_TYPES
