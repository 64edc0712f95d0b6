"""What a succession meets: a keystore that is gone, a line that is cut, a plan that is old, other work in flight."""

import errno
import os
from pathlib import Path

import pytest

from ledger_node.access.model import Approval, Caller
from ledger_node.deposit_token import calls, roles
from ledger_node.errors import Forbidden, Unavailable, WrongState
from ledger_node.keys import LocalSigner
from ledger_node.proofs import payment_document
from ledger_node.settlement import tables
from ledger_node.settlement.actions.four_eyes import Policy
from ledger_node.settlement.onchain import signing_keys
from ledger_node.settlement.onchain.signing_keys import HouseKey, Office
from tests.ledgers import copy_of_ledger, put_back
from tests.settlement.custody import held
from tests.settlement.issuer import OPERATOR, SIGNERS, TIMEOUT_S, Drawer, Issuer
from tests.settlement.scenario import play
from tests.settlement.test_netting import queue, settled_cycle
from tests.settlement.test_relays import accepted_while_cut
from tests.settlement.test_successions import (
    DELAY_S,
    EVERYTHING,
    OLD,
    address_of,
    cancel,
    found,
    keys,
    roles_of,
    rotate,
    turn,
)

__all__ = ["held"]
DELAY_MS = (DELAY_S + 60) * 1000
ALL: tuple[Office, ...] = signing_keys.OFFICES


def sent_roles(issuer: Issuer) -> int:
    with issuer.database.read() as connection:
        return sum(row.kind == "role" for row in connection.execute(tables.chain_transactions.select()))


def keystore_of(issuer: Issuer, key: HouseKey) -> Path:
    return issuer.directory / f"{key.office}-0x{address_of(key).hex()}.json"


@pytest.mark.parametrize("office", ["settlement", "attestor"])
def test_a_new_key_whose_keystore_is_gone_waits_for_it_and_payments_go_on(issuer: Issuer, office: Office) -> None:
    new = rotate(issuer, office)
    turn(issuer)
    away = keystore_of(issuer, new).rename(issuer.directory / "away.json")
    turn(issuer, 2)
    assert issuer.settlement.closed_because() is None
    assert "keystore" in (found(issuer, new.id).waits_for or "")
    play(issuer, EVERYTHING.format(n="meanwhile"))
    away.rename(keystore_of(issuer, new))
    turn(issuer, 3)
    assert found(issuer, new.id).status == "current"


def test_a_new_key_whose_keystore_is_gone_for_good_can_be_canceled(issuer: Issuer) -> None:
    new = rotate(issuer, "settlement")
    keystore_of(issuer, new).unlink()
    turn(issuer, 2)
    cancel(issuer, new.id)
    turn(issuer, 3)
    assert found(issuer, new.id).status == "retired"
    assert roles_of(issuer, "settlement", address_of(new)) == {False}


def test_a_keystore_with_another_key_is_seated_nowhere(issuer: Issuer) -> None:
    new = rotate(issuer, "settlement")
    other = rotate(issuer, "attestor")
    keystore_of(issuer, new).write_bytes(keystore_of(issuer, other).read_bytes())
    turn(issuer, 3)
    assert found(issuer, new.id).status == "incoming"
    assert "keystore" in (found(issuer, new.id).waits_for or "")
    play(issuer, EVERYTHING.format(n="meanwhile"))


def test_a_key_asked_for_before_there_is_a_token_waits_for_one(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path)
    doubts = ["The chain is in doubt."]
    issuer.settlement.chain_in_doubt = lambda: doubts[0] if doubts else None
    issuer.start()
    new = rotate(issuer, "settlement")
    doubts.clear()
    turn(issuer, 4)
    assert issuer.settlement.fault is None
    assert found(issuer, new.id).status == "current"
    issuer.close()


def test_an_admin_waiting_out_its_delay_opens_no_keystore(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    new = rotate(issuer, "admin")
    turn(issuer, 3)
    opened: list[str] = []

    def watched(self: Drawer, name: str) -> LocalSigner:
        opened.append(name)
        return open_(self, name)

    open_ = Drawer.open
    monkeypatch.setattr(Drawer, "open", watched)
    turn(issuer, 3)
    assert opened == []
    issuer.clock.advance(DELAY_MS)
    turn(issuer, 3)
    assert opened
    assert found(issuer, new.id).status == "current"


def test_a_plan_from_before_the_last_commit_is_not_carried_out_again(issuer: Issuer) -> None:
    rotate(issuer, "settlement")
    successions = issuer.settlement._key_rotation
    successions.look_after()
    plan = successions._steps
    issuer.flush()
    sent = sent_roles(issuer)
    assert sent > 0
    successions._steps = plan  # as if it had been made before that commit was to be seen
    issuer.flush()
    assert sent_roles(issuer) == sent
    turn(issuer, 4)
    assert ("settlement", "retired") in keys(issuer)


def test_an_admin_takes_over_when_nothing_that_the_old_one_ordered_is_on_its_way(issuer: Issuer) -> None:
    """Orders and registrations keep their order: the nonces of one key give it, and two keys have none in common."""
    rotate(issuer, "admin")
    turn(issuer, 3)
    issuer.clock.advance(DELAY_MS)
    turn(issuer)  # the tokens accept
    given = {"account": issuer.id("A.bda"), "amount": "1.00", "currency": "USD"}
    issuer.settlement.four_eyes.do(OPERATOR, "account.freeze_amount", given, reason="Court").result(TIMEOUT_S)
    for _ in range(3):
        issuer.settlement.look_after()
        issuer.flush()
    assert ("admin", "accepting") in keys(issuer)
    turn(issuer, 4)
    assert keys(issuer)["admin", "retired"].address == OLD["admin"]


@pytest.mark.parametrize("office", ["settlement", "attestor"])
def test_an_office_may_change_hands_again_and_again(issuer: Issuer, office: Office) -> None:
    play(issuer, EVERYTHING.format(n="first"))
    second = rotate(issuer, office)
    turn(issuer, 2)
    third = rotate(issuer, office)
    turn(issuer, 6)
    play(issuer, EVERYTHING.format(n="last"))
    assert found(issuer, third.id).status == "current"
    assert roles_of(issuer, office, address_of(third)) == {True}
    for address in (OLD[office], address_of(second)):
        assert roles_of(issuer, office, address) == {False}
    assert issuer.audit().passed


def test_all_three_offices_change_hands_at_once_though_the_line_is_cut_every_other_tick(directory: Path) -> None:
    issuer = Issuer(directory, currencies=("USD", "JPY")).start()
    play(issuer, EVERYTHING.format(n="before"))
    new = [rotate(issuer, office) for office in ALL]
    for step in range(20):
        if step == 4:
            issuer.clock.advance(DELAY_MS)
        issuer.line.cut = step % 2 == 0
        issuer.settlement.look_after()
        issuer.line.cut = False
        issuer.settle()
    assert issuer.settlement.closed_because() is None
    assert [found(issuer, key.id).status for key in new] == ["current"] * 3
    for office in ALL:
        assert roles_of(issuer, office, OLD[office]) == {False}
    play(issuer, EVERYTHING.format(n="after"))
    issuer.close()


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_token_added_while_keys_change_hands_ends_with_the_new_keys_alone(tmp_path: Path, turns: int) -> None:
    issuer = Issuer(tmp_path).start()
    issuer.settle()
    issuer.admit("A", "B")
    new = {office: rotate(issuer, office) for office in ALL}
    turn(issuer, turns)
    if turns == 3:  # the admin's is accepting
        issuer.clock.advance(DELAY_MS)
        issuer.settlement.look_after()
    issuer.close()
    issuer = Issuer(tmp_path, currencies=("USD", "JPY"))
    issuer.line.cut = True
    issuer.settlement.start()
    issuer.settlement.look_after()
    issuer.line.cut = False
    for _ in range(2):
        turn(issuer, 6)
        issuer.clock.advance(DELAY_MS)
    turn(issuer, 6)
    assert {token.currency for token in issuer.settlement.queries.tokens()} == {"USD", "JPY"}
    for office in ALL:
        assert found(issuer, new[office].id).status == "current"
        assert roles_of(issuer, office, address_of(new[office])) == {True}
        assert roles_of(issuer, office, OLD[office]) == {False}
    issuer.learn()
    play(issuer, EVERYTHING.format(n="after"))
    issuer.admit("A", "B", currency="JPY")
    issuer.close()


def test_keys_change_hands_while_a_token_is_paused(issuer: Issuer) -> None:
    issuer.settlement.four_eyes.do(OPERATOR, "token.pause", {"currency": "USD"}, reason="Theft").result(TIMEOUT_S)
    issuer.settle()
    for office in ("settlement", "attestor"):
        rotate(issuer, office)
    turn(issuer, 5)
    assert {("settlement", "retired"), ("attestor", "retired")} <= set(keys(issuer))
    issuer.settlement.four_eyes.do(OPERATOR, "token.unpause", {"currency": "USD"}, reason="Rotated").result(TIMEOUT_S)
    issuer.settle()
    play(issuer, EVERYTHING.format(n="after"))


def test_what_may_be_minted_a_day_is_the_same_under_the_next_key(issuer: Issuer) -> None:
    limit = {"currency": "USD", "per_day": "50.00"}
    issuer.settlement.four_eyes.do(OPERATOR, "token.limit_minting", limit, reason="Theft").result(TIMEOUT_S)
    new = rotate(issuer, "settlement")  # while the order is on its way
    issuer.settle()
    play(
        issuer,
        """
        deposit  d1  A.dda         100.00  settled
        mint     m1  A.dda  A.bda   20.00  settled
        """,
    )
    turn(issuer, 4)
    assert found(issuer, new.id).status == "current"
    assert roles.minter_allowance(issuer.chain, issuer.token(), address_of(new)) == 50_00
    refused = issuer.paid("mint", "m2", "A.dda", "A.bda", "60.00")
    assert (refused.status, refused.code) == ("rejected", "mint_limit_exceeded")
    play(issuer, "mint m3 A.dda A.bda 50.00 settled")


def test_a_canceled_admin_leaves_room_for_another_one_at_once(issuer: Issuer) -> None:
    first = rotate(issuer, "admin")
    issuer.settlement.look_after()  # what it is given is on its way
    cancel(issuer, first.id)
    second = rotate(issuer, "admin")
    turn(issuer, 4)
    assert found(issuer, first.id).status == "retired"
    assert roles.pending_default_admin(issuer.chain, issuer.token())[0] == address_of(second)
    issuer.clock.advance(DELAY_MS)
    turn(issuer, 4)
    assert found(issuer, second.id).status == "current"
    assert roles_of(issuer, "admin", address_of(first)) == {False}


def test_a_netting_cycle_in_flight_names_its_attestor_and_the_next_one_the_new(issuer: Issuer) -> None:
    play(issuer, "deposit d1 A.dda 100.00 settled\n mint m1 A.dda A.bda 100.00 settled")
    new = rotate(issuer, "attestor")
    turn(issuer)
    first = queue(issuer, "n1", "A.bda", "B.bda", "10.00")
    issuer.settlement.four_eyes.do(OPERATOR, "netting.call", {"currency": "USD"}).result(
        TIMEOUT_S
    )  # signed by the old one
    turn(issuer, 4)
    second = queue(issuer, "n2", "A.bda", "B.bda", "10.00")
    assert settled_cycle(issuer).status == "settled"
    for payment, attestor in ((first, OLD["attestor"]), (second, address_of(new))):
        proof = issuer.settlement.attestations.payment_proof(OPERATOR, payment.id)
        assert proof.attestation.attestor == attestor
        assert payment_document.verify(payment_document.written(proof), attestor=attestor)


def test_an_authorisation_that_the_old_key_relays_is_settled_and_the_next_one_by_its_successor(held: Issuer) -> None:
    new = rotate(held, "settlement")
    turn(held)
    waiting = accepted_while_cut(held)  # signed by the old key, and not sent
    held.line.cut = False
    for _ in range(3):
        held.settlement.look_after()
        held.flush()
    assert found(held, new.id).status == "current"
    assert ("settlement", "outgoing") in keys(held)
    turn(held, 4)
    assert held.settlement.queries.operation(OPERATOR, waiting.id).status == "settled"
    assert ("settlement", "retired") in keys(held)


FOUR_EYES = Policy(four_eyes=True)
ASKING = Caller("key_mia", "operator", person="mia", duties=frozenset({"admin"}))
AGREEING = Caller("key_carl", "operator", person="carl", duties=frozenset({"checker"}))


def ask(issuer: Issuer, action: str, **given: str) -> Approval:
    """What a second person is to agree to."""
    approval = issuer.settlement.four_eyes.do(ASKING, action, given).result(TIMEOUT_S).approval
    assert approval is not None
    return approval


def agree(issuer: Issuer, approval: Approval) -> Approval:
    decided = issuer.settlement.four_eyes.approve(AGREEING, approval.id).result(TIMEOUT_S).approval
    assert decided is not None
    return decided


def test_with_four_eyes_the_key_is_made_when_the_second_person_agrees(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path, policy=FOUR_EYES).start()
    issuer.settle()
    rehearsal = issuer.settlement.four_eyes.do(ASKING, "house_key.rotate", {"office": "attestor"}, rehearse=True)
    assert rehearsal.result(TIMEOUT_S).needs_approval
    asked = ask(issuer, "house_key.rotate", office="attestor")
    assert list(tmp_path.glob("attestor-0x*.json")) == []
    assert len(keys(issuer)) == 3
    with pytest.raises(Forbidden):
        issuer.settlement.four_eyes.approve(ASKING, asked.id).result(TIMEOUT_S)
    key = found(issuer, agree(issuer, asked).resource_id or "")
    assert (key.office, key.status) == ("attestor", "incoming")
    turn(issuer)
    agree(issuer, ask(issuer, "house_key.cancel", house_key=key.id))
    turn(issuer, 3)
    assert found(issuer, key.id).status == "retired"
    issuer.close()


def test_agreeing_to_a_key_fails_while_another_one_is_on_its_way_and_makes_none(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path, policy=FOUR_EYES).start()
    issuer.settle()
    asked = ask(issuer, "house_key.rotate", office="attestor")
    issuer.settlement.four_eyes.policy = Policy()  # as after a restart with other settings
    first = rotate(issuer, "attestor")
    issuer.settlement.four_eyes.policy = FOUR_EYES
    refused = agree(issuer, asked)
    assert (refused.status, refused.code) == ("failed", WrongState.code)
    assert list(tmp_path.glob("attestor-0x*.json")) == [keystore_of(issuer, first)]
    issuer.close()


def test_a_key_that_cannot_be_stored_is_refused_and_the_house_goes_on(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(path: Path, _private_key: bytes, _password: str) -> LocalSigner:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr("ledger_node.keys.write_keystore", read_only)
    with pytest.raises(Unavailable, match="Read-only file system"):
        rotate(issuer, "settlement")
    play(issuer, EVERYTHING.format(n="after"))
    assert len(keys(issuer)) == 3


@pytest.mark.parametrize("office", signing_keys.OFFICES)
def test_a_ledger_from_before_a_rotation_is_not_ready_and_says_why(directory: Path, office: Office) -> None:
    issuer = Issuer(directory, currencies=("USD", "JPY")).start()
    issuer.close()
    older = copy_of_ledger(directory)
    issuer = Issuer(directory, currencies=("USD", "JPY")).start()
    rotate(issuer, office)
    turn(issuer, 3)
    issuer.clock.advance(DELAY_MS)
    turn(issuer, 4)
    assert (office, "retired") in keys(issuer)
    issuer.close()
    newer = copy_of_ledger(directory)
    put_back(directory, older)
    issuer = Issuer(directory, currencies=("USD", "JPY")).start()
    turn(issuer)
    reasons = " ".join(issuer.settlement.reasons_not_ready())
    for currency in ("USD", "JPY"):
        assert f"the {currency} token gives the {office} key 0x{OLD[office].hex()} no role" in reasons
    issuer.close()
    put_back(directory, newer)
    issuer = Issuer(directory, currencies=("USD", "JPY")).start()
    assert issuer.settlement.reasons_not_ready() == ()
    issuer.close()


def test_a_node_is_ready_again_when_its_key_has_its_role_back(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path).start()
    issuer.settle()
    role = roles.ROLES_OF["settlement"][0]
    issuer.send(SIGNERS.admin, issuer.token(), calls.revoke_role(role, OLD["settlement"]))
    issuer.settle()
    issuer.close()
    issuer = Issuer(tmp_path).start()
    assert "the USD token gives the settlement key" in " ".join(issuer.settlement.reasons_not_ready())
    issuer.send(SIGNERS.admin, issuer.token(), calls.grant_role(role, OLD["settlement"]))
    turn(issuer, 2)
    assert issuer.settlement.reasons_not_ready() == ()
    issuer.close()
