"""How many requests one caller may send in a window of time. Knows no transport; a caller is a name, however found.

One window for all: what is remembered is forgotten when it ends, so the table is never larger than one window's
callers. https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
"""

from dataclasses import dataclass
from ipaddress import IPv6Address
from math import ceil
from time import monotonic

Fields = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a request found: whether it may pass, and the fields that tell its sender how it stands."""

    may_pass: bool
    resets_in_s: int
    fields: Fields


class Rate:
    """So many requests of each caller in every window; `quota` 0 counts nobody. On one thread only."""

    def __init__(self, policy: str, *, quota: int, window_s: int) -> None:
        self._quota = quota
        self._window_s = window_s
        self._policy = policy.encode()
        self._policy_field = (b"ratelimit-policy", f'"{policy}";q={quota};w={window_s}'.encode())
        self._ends = 0.0
        self._counts: dict[str, int] = {}

    def count(self, caller: str) -> Standing | None:
        """One request more of this caller; None where nobody is counted."""
        if not self._quota:
            return None
        now = monotonic()
        if now >= self._ends:
            self._ends = now + self._window_s
            self._counts.clear()
        used = self._counts[caller] = self._counts.get(caller, 0) + 1
        left, resets_in_s = max(self._quota - used, 0), min(ceil(self._ends - now), self._window_s)
        field = (b"ratelimit", b'"%b";r=%d;t=%d' % (self._policy, left, resets_in_s))
        return Standing(used <= self._quota, resets_in_s, [self._policy_field, field])


def neighbourhood(address: str) -> str:
    """The address as one caller: of IPv6 its /64, which one customer is given whole."""
    if ":" not in address:
        return address
    try:
        whole = IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(whole.ipv4_mapped or IPv6Address(int(whole) >> 64 << 64))
