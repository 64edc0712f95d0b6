"""The house's keys change hands with overlap: payments go on, the new key can do all, the old one nothing any more."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger_node.access import audit_log
from ledger_node.access.model import Caller
from ledger_node.chain.blocks import Call
from ledger_node.chain.encoding import keccak
from ledger_node.chain.errors import Reverted
from ledger_node.chain.pyevm.dev import DevPyEvmChain
from ledger_node.deposit_token import calls, roles
from ledger_node.deposit_token.artifact import deposit_token
from ledger_node.deposit_token.deployment import MINT_LIMITER_ROLE, PAUSER_ROLE, UNLIMITED
from ledger_node.errors import ConfigurationError, Forbidden, HouseKeyNotFound, WrongState
from ledger_node.pages import Slice
from ledger_node.proofs import document
from ledger_node.settlement import tables
from ledger_node.settlement.onchain import signing_keys
from ledger_node.settlement.onchain.signing_keys import HouseKey, Office
from tests.settlement.issuer import OPERATOR, SIGNERS, SUPERVISOR, TIMEOUT_S, Issuer
from tests.settlement.scenario import play

DELAY_S = 2 * 24 * 3600
OLD: dict[Office, bytes] = {
    "settlement": SIGNERS.settlement.address, "attestor": SIGNERS.attestor.address, "admin": SIGNERS.admin.address
}  # fmt: skip
EVERYTHING = """
    deposit  {n}d  A.dda          100.00   settled
    mint     {n}m  A.dda  A.bda    60.00   settled
    transfer {n}t  A.bda  B.bda    10.00   settled
    redeem   {n}r  B.bda  B.dda     5.00   settled
    """


def rotate(issuer: Issuer, office: str, caller: Caller = OPERATOR, **how: Any) -> HouseKey:
    made: HouseKey = (
        issuer.settlement.four_eyes.do(caller, "house_key.rotate", {"office": office}, **how).result(TIMEOUT_S).result
    )
    return made


def cancel(issuer: Issuer, key_id: str) -> HouseKey:
    canceled: HouseKey = (
        issuer.settlement.four_eyes.do(OPERATOR, "house_key.cancel", {"house_key": key_id}).result(TIMEOUT_S).result
    )
    return canceled


def keys(issuer: Issuer) -> dict[tuple[str, str], HouseKey]:
    """By office and status."""
    with issuer.database.read() as connection:
        return {(each.office, each.status): each for each in signing_keys.listed(connection)}


def found(issuer: Issuer, key_id: str) -> HouseKey:
    with issuer.database.read() as connection:
        return signing_keys.find(connection, key_id)


def turn(issuer: Issuer, times: int = 1) -> None:
    """A tick of the house, and the blocks that come of it."""
    for _ in range(times):
        issuer.settlement.look_after()
        issuer.settle()


def address_of(key_: HouseKey) -> bytes:
    assert key_.address is not None
    return key_.address


def roles_of(issuer: Issuer, office: Office, address: bytes) -> set[bool]:
    return {
        roles.has_role(issuer.chain, token.address, role, address)
        for token in issuer.settlement.queries.tokens() for role in roles.ROLES_OF[office]
    }  # fmt: skip


@pytest.mark.parametrize("office", ["settlement", "attestor"])
def test_a_key_takes_its_office_over_and_the_one_before_it_loses_every_role(issuer: Issuer, office: Office) -> None:
    play(issuer, EVERYTHING.format(n="before"))
    new = rotate(issuer, office)
    assert (new.status, new.office, roles_of(issuer, office, address_of(new))) == ("incoming", office, {False})
    turn(issuer, 4)
    play(issuer, EVERYTHING.format(n="after"))
    assert found(issuer, new.id).status == "current"
    assert keys(issuer)[office, "retired"].address == OLD[office]
    assert roles_of(issuer, office, address_of(new)) == {True}
    assert roles_of(issuer, office, OLD[office]) == {False}
    assert issuer.audit().passed


def test_payments_go_on_at_every_step(issuer: Issuer) -> None:
    play(issuer, "deposit d0 A.dda 100.00 settled\n mint m0 A.dda A.bda 60.00 settled")
    rotate(issuer, "settlement")
    rotate(issuer, "attestor")
    for step in range(6):
        waiting = issuer.pay("transfer", f"t{step}", "A.bda", "B.bda", "1.00")  # on its way while the tick comes
        turn(issuer)
        assert issuer.settlement.desk.watch(waiting.operation.id).result(TIMEOUT_S).status == "settled"
    changed = {(office, status) for office in ("settlement", "attestor") for status in ("current", "retired")}
    assert set(keys(issuer)) == changed | {("admin", "current")}
    with issuer.database.read() as connection:
        senders = [row.sender for row in connection.execute(tables.chain_transactions.select()) if row.kind == "batch"]
    assert senders[0] == OLD["settlement"] != senders[-1]


def test_the_old_key_keeps_its_role_while_what_it_signed_is_on_its_way(issuer: Issuer) -> None:
    """A batch that the chain has not taken yet is lost neither to the new settlement key nor to the new attestor."""
    play(issuer, "deposit d0 A.dda 100.00 settled\n mint m0 A.dda A.bda 60.00 settled")
    for office in ("settlement", "attestor"):
        rotate(issuer, office)
    issuer.settlement.look_after()  # roles are given
    issuer.settle()
    waiting = issuer.pay("transfer", "t1", "A.bda", "B.bda", "1.00")  # signed by the old ones, in no block
    issuer.flush()
    for _ in range(3):
        issuer.settlement.look_after()
        issuer.flush()
    assert ("settlement", "outgoing") in keys(issuer)
    assert roles_of(issuer, "settlement", OLD["settlement"]) == roles_of(issuer, "attestor", OLD["attestor"]) == {True}
    issuer.settle()
    assert issuer.settlement.desk.watch(waiting.operation.id).result(TIMEOUT_S).status == "settled"
    turn(issuer, 3)
    assert roles_of(issuer, "settlement", OLD["settlement"]) == roles_of(issuer, "attestor", OLD["attestor"]) == {False}


def test_a_minter_takes_its_allowance_with_it(issuer: Issuer) -> None:
    new = rotate(issuer, "settlement")
    turn(issuer, 4)
    allowances = [
        roles.minter_allowance(issuer.chain, issuer.token(), address)
        for address in (address_of(new), OLD["settlement"])
    ]
    assert allowances == [UNLIMITED, 0]


def test_the_retired_settlement_key_settles_nothing_and_its_successor_does(issuer: Issuer) -> None:
    """The call that the house itself sent last, tried again as either of them; a new one would end as the second."""
    new = rotate(issuer, "settlement")
    turn(issuer, 4)
    play(issuer, "deposit d0 A.dda 100.00 settled\n mint m0 A.dda A.bda 60.00 settled")
    last = issuer.chain.block("latest").transactions[-1]
    before = issuer.chain.head().number - 1
    stolen = Call(sender=OLD["settlement"], to=last.to, data=last.data)
    with pytest.raises(Reverted) as refused:
        issuer.chain.call(stolen, before)
    assert refused.value.data[:4] == keccak(b"AccessControlUnauthorizedAccount(address,bytes32)")[:4]
    issuer.chain.call(replace(stolen, sender=address_of(new)), before)


def test_each_attestation_names_the_key_that_signed_it(issuer: Issuer) -> None:
    play(issuer, EVERYTHING.format(n="before"))
    new = rotate(issuer, "attestor")
    turn(issuer, 4)
    play(issuer, EVERYTHING.format(n="after"))
    attested = issuer.settlement.attestations.listed().data
    assert {each.signed.attestor for each in attested} == {OLD["attestor"], new.address}
    account = issuer.id("A.bda")
    for each, attestor in ((attested[0], new.address), (attested[-2], OLD["attestor"])):
        proof = issuer.settlement.attestations.proof(OPERATOR, each.signed.id, account)
        assert document.verify(document.written(proof), attestor=attestor)


def test_the_admin_hands_over_in_two_steps_with_the_contracts_delay_between_them(issuer: Issuer) -> None:
    new = rotate(issuer, "admin")
    turn(issuer, 3)
    waiting = found(issuer, new.id)
    assert waiting.status == "incoming"
    assert "delay" in (waiting.waits_for or "")
    assert roles.default_admin(issuer.chain, issuer.token()) == OLD["admin"]
    issuer.clock.advance((DELAY_S + 60) * 1000)
    turn(issuer, 5)
    assert found(issuer, new.id).status == "current"
    for token in issuer.settlement.queries.tokens():
        assert roles.default_admin(issuer.chain, token.address) == new.address
    assert roles_of(issuer, "admin", OLD["admin"]) == {False}
    rotate(issuer, "settlement")  # by the new admin
    issuer.admit("C", currency="JPY")  # registered by it too
    turn(issuer, 4)
    assert ("settlement", "retired") in keys(issuer)


def test_other_keys_can_change_while_the_admin_waits_out_its_delay(issuer: Issuer) -> None:
    rotate(issuer, "admin")
    turn(issuer, 2)
    rotate(issuer, "attestor")
    turn(issuer, 4)
    assert {("attestor", "retired"), ("admin", "incoming")} <= set(keys(issuer))


@pytest.mark.parametrize("office", ["settlement", "attestor", "admin"])
@pytest.mark.parametrize("turns", [0, 1])
def test_a_key_that_is_canceled_on_its_way_keeps_nothing(issuer: Issuer, office: Office, turns: int) -> None:
    new = rotate(issuer, office)
    turn(issuer, turns)
    assert cancel(issuer, new.id).status == "outgoing"
    turn(issuer, 3)
    assert found(issuer, new.id).status == "retired"
    assert roles_of(issuer, office, address_of(new)) == {False}
    assert roles.pending_default_admin(issuer.chain, issuer.token()) == (bytes(20), 0)
    assert keys(issuer)[office, "current"].address == OLD[office]
    play(issuer, EVERYTHING.format(n="after"))


def test_what_holds_an_office_cannot_be_canceled_and_one_successor_is_enough(issuer: Issuer) -> None:
    with pytest.raises(WrongState):
        cancel(issuer, keys(issuer)["settlement", "current"].id)
    with pytest.raises(HouseKeyNotFound):
        cancel(issuer, "hky_nobody")
    first = rotate(issuer, "settlement")
    with pytest.raises(WrongState, match=first.id):
        rotate(issuer, "settlement")
    assert len(keys(issuer)) == 4


def test_a_rehearsal_makes_no_key(issuer: Issuer) -> None:
    rehearsed = rotate(issuer, "settlement", rehearse=True)
    assert (rehearsed.status, rehearsed.address) == ("incoming", None)
    assert len(keys(issuer)) == 3
    assert list(issuer.directory.glob("settlement-0x*.json")) == []


def test_only_an_operator_with_the_duty_may_ask(issuer: Issuer) -> None:
    for caller in (
        issuer.members["A"],
        SUPERVISOR,
        Caller("key_m", "operator", person="m", duties=frozenset({"maker"})),
    ):
        with pytest.raises(Forbidden):
            rotate(issuer, "attestor", caller=caller)


def test_a_token_that_refuses_is_named_and_asked_again(tmp_path: Path) -> None:
    """The admin's key lost a role that it needs: nothing is sent in vain, and it goes on once that is mended."""
    issuer = Issuer(tmp_path, developers=True).start()
    issuer.settle()
    assert isinstance(issuer.chain, DevPyEvmChain)
    of_role = keccak(MINT_LIMITER_ROLE + deposit_token().storage_slots["_roles"].to_bytes(32, "big"))
    slot = int.from_bytes(keccak(OLD["admin"].rjust(32, b"\0") + of_role), "big")
    issuer.chain.set_storage(issuer.token(), slot, 0)
    new = rotate(issuer, "settlement")
    turn(issuer, 3)
    waits_for = found(issuer, new.id).waits_for or ""
    assert "USD token" in waits_for
    assert "AccessControlUnauthorizedAccount" in waits_for
    with issuer.database.read() as connection:
        assert "role" not in {row.kind for row in connection.execute(tables.chain_transactions.select())}
    issuer.chain.set_storage(issuer.token(), slot, 1)
    turn(issuer, 4)
    assert found(issuer, new.id).status == "current"
    issuer.close()


def test_the_house_goes_on_with_the_new_key_after_a_restart(directory: Path) -> None:
    issuer = Issuer(directory, currencies=("USD", "JPY")).start()
    new = rotate(issuer, "settlement")
    turn(issuer, 2)
    issuer.close()
    issuer = Issuer(directory, currencies=("USD", "JPY")).start()
    turn(issuer, 3)
    play(issuer, EVERYTHING.format(n="after"))
    assert found(issuer, new.id).status == "current"
    assert issuer.audit().passed
    issuer.close()


def test_a_keystore_with_another_key_than_the_ledgers_is_refused(directory: Path) -> None:
    issuer = Issuer(directory, currencies=("USD", "JPY")).start()
    new = rotate(issuer, "settlement")
    turn(issuer, 4)
    other = rotate(issuer, "attestor")
    issuer.close()
    shutil.copyfile(
        directory / f"attestor-0x{address_of(other).hex()}.json",
        directory / f"settlement-0x{address_of(new).hex()}.json",
    )
    wrong = Issuer(directory, currencies=("USD", "JPY"))
    with pytest.raises(ConfigurationError, match="settlement"):
        wrong.start()
    wrong.close()


def test_who_asked_and_when_a_key_changed_is_in_the_audit_log_and_told_as_an_event(issuer: Issuer) -> None:
    new = rotate(issuer, "attestor", reason="Yearly")
    turn(issuer, 4)
    told = [
        event.type for event in issuer.settlement.queries.events(OPERATOR).data if event.type.startswith("house_key.")
    ]
    assert told == ["house_key.retired", "house_key.current"]
    logged = [
        (entry.person, entry.action, entry.outcome)
        for entry in audit_log.entries(issuer.database, Slice(), action="house_key.rotate").data
    ]  # fmt: skip
    assert logged == [
        ("node", "house_key.rotate", "retired"),
        ("node", "house_key.rotate", "current"),
        (OPERATOR.who, "house_key.rotate", "done"),
    ]
    assert new.address is not None


def test_a_stolen_old_admin_pauses_nothing_any_more(issuer: Issuer) -> None:
    rotate(issuer, "admin")
    turn(issuer, 2)
    issuer.clock.advance((DELAY_S + 60) * 1000)
    turn(issuer, 5)
    assert not roles.has_role(issuer.chain, issuer.token(), PAUSER_ROLE, OLD["admin"])
    with pytest.raises(Reverted):
        issuer.chain.call(Call(sender=OLD["admin"], to=issuer.token(), data=calls.pause()))
