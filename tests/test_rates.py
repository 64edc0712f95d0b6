"""A window of requests: each caller its own, forgotten when it ends; and what one caller is."""

import pytest

from ledger_node import rates
from ledger_node.rates import Rate, neighbourhood


def test_a_window_counts_each_caller_and_forgets_them_all_when_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(rates, "monotonic", lambda: now)
    rate = Rate("key", quota=2, window_s=60)
    passed = [found.may_pass for _ in range(3) if (found := rate.count("a")) is not None]
    assert passed == [True, True, False]
    other = rate.count("b")
    assert other is not None
    assert other.may_pass
    now += 59.5
    late = rate.count("a")
    assert late is not None
    assert (late.may_pass, late.resets_in_s, late.fields[1]) == (False, 1, (b"ratelimit", b'"key";r=0;t=1'))
    now += 1
    again = rate.count("a")
    assert again is not None
    assert (again.may_pass, again.fields[0]) == (True, (b"ratelimit-policy", b'"key";q=2;w=60'))


def test_a_quota_of_nothing_counts_nobody() -> None:
    assert Rate("key", quota=0, window_s=60).count("a") is None


@pytest.mark.parametrize(
    ("address", "caller"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("no:address", "no:address"),
    ],
)
def test_a_customer_s_ipv6_network_is_one_caller(address: str, caller: str) -> None:
    assert neighbourhood(address) == caller
