"""What the token contract refuses ends as a rejected payment with its reason, and what was set aside is free again."""

import pytest

from ledger_node.deposit_token import calls
from ledger_node.deposit_token.deployment import REGISTRAR_ROLE, SETTLEMENT_ROLE
from ledger_node.errors import InvalidField
from ledger_node.settlement import tables
from tests.settlement.issuer import OPERATOR, SIGNERS, Issuer
from tests.settlement.scenario import play


def fund(issuer: Issuer) -> None:
    play(
        issuer,
        """
        deposit     d1  A.dda          100.00    settled
        deposit     d2  B.dda          100.00    settled
        mint        m1  A.dda  A.bda    50.00    settled
        mint        m2  B.dda  B.bda    50.00    settled
        """,
    )


def freeze(issuer: Issuer, account: str) -> None:
    """The admin's transaction goes into the next block, ahead of what is asked for after it."""
    issuer.send(SIGNERS.admin, issuer.token(), calls.set_status([issuer.address(account)], "frozen"))


def test_one_leg_is_refused_and_its_neighbours_settle(issuer: Issuer) -> None:
    fund(issuer)
    freeze(issuer, "A.bda")
    hold_the_line = issuer.pay("transfer", "t0", "B.bda", "C.bda", "1.00")
    refused = [
        issuer.pay("transfer", "t1", "A.bda", "B.bda", "10.00"),
        issuer.pay("redemption", "t2", "A.bda", "A.dda", "10.00"),
        issuer.pay("mint", "t3", "A.dda", "A.bda", "10.00"),
    ]
    fine = issuer.pay("transfer", "t4", "B.bda", "C.bda", "10.00")
    issuer.settle()

    def final(accepted):
        return issuer.settlement.desk.watch(accepted.operation.id).result(0)

    assert final(hold_the_line).status == "settled"
    assert [final(each).code for each in refused] == ["account_frozen", "account_frozen", "creditor_frozen"]
    assert {final(each).reason_code for each in refused} == {"AC06"}
    assert final(refused[0]).reason == "The debtor account is frozen."
    assert final(refused[0]).settled_at is None
    assert final(fine).status == "settled"
    assert (issuer.available("A.bda"), issuer.available("A.dda")) == (5000, 5000)
    play(issuer, "balance C.bda 11.00\naudit backed")


def test_a_rejected_payment_is_an_event_for_the_bank_that_asked_alone(issuer: Issuer) -> None:
    fund(issuer)
    freeze(issuer, "B.bda")
    assert issuer.paid("transfer", "t1", "A.bda", "B.bda", "10.00").code == "creditor_frozen"
    (told,) = issuer.settlement.queries.events(OPERATOR, type="transfer.rejected").data
    assert told.member_id == issuer.members["A"].member_id
    assert (told.data["code"], told.data["reason_code"]) == ("creditor_frozen", "AC06")


def test_once_the_freeze_is_booked_the_desk_itself_refuses(issuer: Issuer) -> None:
    fund(issuer)
    freeze(issuer, "A.bda")
    issuer.settle()
    play(
        issuer,
        """
        transfer    t1  A.bda  B.bda    10.00    account_not_active
        transfer    t2  B.bda  A.bda    10.00    creditor_not_active
        """,
    )
    issuer.send(SIGNERS.admin, issuer.token(), calls.set_status([issuer.address("A.bda")], "active"))
    issuer.settle()
    play(issuer, "transfer t1 A.bda B.bda 10.00 settled\naudit backed")


def test_a_closed_account_is_closed_for_good(issuer: Issuer) -> None:
    fund(issuer)
    issuer.send(SIGNERS.admin, issuer.token(), calls.set_status([issuer.address("C.bda")], "closed"))
    issuer.settle()
    play(
        issuer,
        """
        transfer    t1  C.bda  B.bda    10.00    account_closed
        transfer    t2  B.bda  C.bda    10.00    creditor_not_active
        audit                                    backed
        """,
    )


def test_a_paused_token_rejects_every_leg(issuer: Issuer) -> None:
    fund(issuer)
    issuer.send(SIGNERS.admin, issuer.token(), calls.pause())
    play(
        issuer,
        """
        transfer    t1  A.bda  B.bda    10.00    token_paused
        mint        t2  A.dda  A.bda    10.00    token_paused
        redeem      t3  A.bda  A.dda    10.00    token_paused
        audit                                    backed
        """,
    )


def test_a_batch_that_reverts_rejects_all_of_its_payments(issuer: Issuer) -> None:
    fund(issuer)
    issuer.send(SIGNERS.admin, issuer.token(), calls.revoke_role(SETTLEMENT_ROLE, SIGNERS.settlement.address))
    accepted = [
        issuer.pay("mint", "t1", "A.dda", "A.bda", "10.00"),
        issuer.pay("transfer", "t2", "A.bda", "B.bda", "10.00"),
        issuer.pay("redemption", "t3", "A.bda", "A.dda", "10.00"),
    ]
    issuer.settle()
    for each in accepted:
        final = issuer.settlement.desk.watch(each.operation.id).result(0)
        assert (final.status, final.code, final.reason_code) == ("rejected", "rejected_on_chain", "AG01")
    assert "AccessControlUnauthorizedAccount" in (final.reason or "")
    assert (issuer.available("A.dda"), issuer.available("A.bda")) == (5000, 5000)

    issuer.send(SIGNERS.admin, issuer.token(), calls.grant_role(SETTLEMENT_ROLE, SIGNERS.settlement.address))
    play(issuer, "mint t4 A.dda A.bda 10.00 settled\naudit backed")


def test_the_days_minting_allowance_is_the_contracts_own_limit(issuer: Issuer) -> None:
    fund(issuer)
    issuer.send(SIGNERS.admin, issuer.token(), calls.set_minter_allowance(SIGNERS.settlement.address, 1500))
    play(
        issuer,
        """
        mint        t1  A.dda  A.bda    10.00    settled
        mint        t2  A.dda  A.bda    10.00    mint_limit_exceeded
        mint        t3  A.dda  A.bda     5.00    settled
        available       A.dda                    35.00
        audit                                    backed
        """,
    )


def test_an_account_that_the_register_refuses_never_opens(issuer: Issuer) -> None:
    fund(issuer)
    admin = SIGNERS.admin
    issuer.send(admin, issuer.token(), calls.revoke_role(REGISTRAR_ROLE, admin.address))
    issuer.settle()
    skip_nonces(issuer, 1)
    issuer.open("A", "BDA")
    issuer.settle()
    assert issuer.settlement.fault is None
    play(
        issuer, "transfer t1 B.bda A.bda2 1.00 creditor_not_active\ntransfer t1 B.bda A.bda 1.00 settled\naudit backed"
    )
    (told,) = issuer.settlement.queries.events(issuer.members["A"], type="account.closed").data
    assert told.resource_id == issuer.id("A.bda2")

    issuer.send(admin, issuer.token(), calls.grant_role(REGISTRAR_ROLE, admin.address))
    issuer.settle()
    skip_nonces(issuer, 1)
    issuer.open("A", "BDA")
    play(issuer, "settle done\ntransfer t2 B.bda A.bda3 1.00 settled\naudit backed")


def skip_nonces(issuer: Issuer, count: int) -> None:
    """Tell the ledger of transactions that a test has sent with the admin's key, which only the node should use."""
    with issuer.database.write() as connection:
        mine = tables.nonces.c.sender == SIGNERS.admin.address
        connection.execute(tables.nonces.update().where(mine).values(next_nonce=tables.nonces.c.next_nonce + count))


def test_a_token_contract_is_no_account(issuer: Issuer) -> None:
    with pytest.raises(InvalidField):
        issuer.open("A", "BDA", address=issuer.token())
