"""Which queued payments settle together: every net covered, none more possible, whatever the order of looking."""

from collections.abc import Sequence
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from ledger_node.settlement.netting import selection
from ledger_node.settlement.netting.selection import Queued

ACCOUNTS = ("A", "B", "C", "D")

payments = st.lists(
    st.tuples(st.permutations(ACCOUNTS).map(lambda some: some[:2]), st.integers(1, 9)), max_size=7
).map(
    lambda drawn: [
        Queued(number, f"trf_{number}", "", debtor, creditor, amount)
        for number, ((debtor, creditor), amount) in enumerate(drawn)
    ]
)  # fmt: skip
balances = st.fixed_dictionaries({account: st.integers(0, 12) for account in ACCOUNTS})


def is_covered(taken: Sequence[Queued], available: dict[str, int]) -> bool:
    return all(available[account] + each >= 0 for account, each in selection.net(taken).items())


@given(payments, balances)
def test_the_largest_covered_set_is_found_and_there_is_no_other(queue: list[Queued], available: dict[str, int]) -> None:
    """Against every way of cutting each account's payments off somewhere."""
    owed = {account: [each for each in queue if each.debtor == account] for account in ACCOUNTS}
    best: list[list[Queued]] = []
    for kept in product(*(range(len(owed[account]) + 1) for account in ACCOUNTS)):
        cut = dict(zip(ACCOUNTS, kept, strict=True))
        taken = [each for each in queue if each in owed[each.debtor][: cut[each.debtor]]]
        if is_covered(taken, available):
            if not best or len(taken) > len(best[0]):
                best = []
            if not best or len(taken) == len(best[0]):
                best.append(taken)
    assert best == [selection.choose(queue, available)]


@given(payments)
def test_flows_carry_out_the_nets_with_fewer_movements_than_accounts(queue: list[Queued]) -> None:
    nets = {account: each for account, each in selection.net(queue).items() if each}
    flows = selection.flows(nets)
    found = dict.fromkeys(nets, 0)
    for payer, payee, amount in flows:
        assert nets[payer] < 0 < nets[payee]
        found[payer] -= amount
        found[payee] += amount
    assert found == nets
    assert len(flows) < max(len(nets), 1)
    assert sum(amount for _, _, amount in flows) == selection.debits(nets)


def test_a_gridlock_nobody_could_pay_out_of_settles_at_once() -> None:
    ring = [Queued(0, "1", "", "A", "B", 5), Queued(1, "2", "", "B", "C", 5), Queued(2, "3", "", "C", "A", 5)]
    assert selection.choose(ring, dict.fromkeys("ABC", 0)) == ring


def test_one_that_gives_up_makes_the_next_give_up() -> None:
    chain = [Queued(0, "1", "", "A", "B", 5), Queued(1, "2", "", "B", "C", 5), Queued(2, "3", "", "C", "D", 5)]
    assert selection.choose(chain, dict.fromkeys("ABCD", 0)) == []


OWNER = {"A": "bank A", "B": "bank B", "C": "bank C", "D": "bank C"}
rooms = st.fixed_dictionaries({}, optional={bank: st.integers(-2, 12) for bank in ("bank A", "bank B", "bank C")})


def gains(taken: Sequence[Queued]) -> dict[str, int]:
    gained = dict.fromkeys(OWNER.values(), 0)
    for account, each in selection.net(taken).items():
        gained[OWNER[account]] += each
    return gained


@given(payments, balances, rooms)
def test_nobody_gets_more_than_there_is_room_for_and_only_what_has_none_is_stepped_over(
    queue: list[Queued], available: dict[str, int], room: dict[str, int]
) -> None:
    taken = selection.choose(queue, available, room, OWNER)
    assert is_covered(taken, available)
    assert all(each <= max(0, room[bank]) for bank, each in gains(taken).items() if bank in room)
    for payment in taken:
        earlier = [each for each in queue if each.debtor == payment.debtor and each.number < payment.number]
        stepped_over = [each for each in earlier if each not in taken]
        assert all(OWNER[each.creditor] in room for each in stepped_over)
    without_end = selection.choose(queue, available)
    if all(each <= max(0, room[bank]) for bank, each in gains(without_end).items() if bank in room):
        assert taken == without_end


def test_what_nobody_can_cover_takes_nobodys_room() -> None:
    queue = [Queued(0, "1", "", "A", "C", 999), Queued(1, "2", "", "B", "C", 10)]
    assert selection.choose(queue, {"A": 0, "B": 10}, {"bank C": 10}, OWNER) == queue[1:]


def test_the_newest_payments_give_way_and_hold_back_none_of_their_payers() -> None:
    queue = [
        Queued(0, "1", "", "B", "C", 6), Queued(1, "2", "", "A", "C", 7), Queued(2, "3", "", "A", "B", 3),
        Queued(3, "4", "", "C", "D", 50),
    ]  # fmt: skip
    assert selection.choose(queue, {"A": 7, "B": 6, "C": 50}, {"bank C": 10}, OWNER) == [queue[0], queue[2], queue[3]]


def test_two_that_push_each_other_over_their_room_end() -> None:
    """Payments to and fro, each of which gives way by the next: every one is given up once in a round at most."""
    queue = [Queued(n, str(n), "", *("AB" if n % 2 else "BA"), 1 + n % 7) for n in range(5_000)]
    room = {"bank A": 0, "bank B": 0}
    taken = selection.choose(queue, {"A": 10**6, "B": 10**6}, room, OWNER)
    assert all(each <= 0 for each in gains(taken).values())
