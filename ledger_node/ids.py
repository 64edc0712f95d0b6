"""Prefixed, time-sortable identifiers: `trf_` and a UUIDv7 (RFC 9562) without hyphens."""

import uuid_utils


def new_id(prefix: str) -> str:
    return f"{prefix}_{uuid_utils.uuid7().hex}"


def new_uetr() -> str:
    """A unique end-to-end transaction reference: UUIDv4."""
    return str(uuid_utils.uuid4())
