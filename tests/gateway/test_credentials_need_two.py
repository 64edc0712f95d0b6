"""One administrator is one person: nobody hands another a credential alone where four eyes are on."""

from ledger_node.gateway.credentials import digest_of, new_secret
from tests.gateway.floor import NEW, Floor, floor

__all__ = ["floor"]


def test_nobody_makes_another_persons_key_alone_nor_sees_it(floor: Floor) -> None:
    ben = floor.id("Ben")
    member = floor.issuer.members["A"].member_id
    (ben_key,) = [row for row in floor.ok(floor.ada.get("/v1/api_keys"))["data"] if row["user"] == ben]
    (chief_key,) = [
        row for row in floor.ok(floor.ada.get(f"/v1/members/{member}/api_keys"))["data"] if row["user"] == "chief"
    ]
    tried = {
        f"/v1/operators/{ben}/api_keys": None,
        f"/v1/api_keys/{ben_key['id']}/rotate": {"overlap_s": 0},
        "/v1/api_keys": {"name": "night shift", "scope": "operator"},
        f"/v1/members/{member}/api_keys": {"user": "chief"},
        f"/v1/members/{member}/api_keys/{chief_key['id']}/rotate": {"overlap_s": 0},
    }
    for path, body in tried.items():
        for somebody in (floor.ada, floor.settlement):
            assert floor.refused(somebody.post(path, json=body)) == (403, "forbidden"), path
        own = {**(body or {}), "digest": digest_of("lnk_ada's own").hex()}
        assert floor.refused(floor.settlement.post(path, json=own)) == (403, "named_operator_needed")
        asked = floor.ok(floor.ada.post(path, json=own), 202)
        assert floor.refused(floor.ada.post(f"/v1/approvals/{asked['id']}/approve")) == (403, "own_request")
        with floor.door.client("lnk_ada's own") as forged:
            assert forged.get("/v1/members").status_code == 401
        floor.ok(floor.ben.post(f"/v1/approvals/{asked['id']}/reject", json={"reason": "Not mine"}))
    assert floor.ok(floor.ben.get("/v1/members"))["data"], "Ben's key works as before"
    refused = [row["code"] for row in floor.log(outcome="refused")]
    assert refused.count("forbidden") == 2 * len(tried)
    assert (refused.count("named_operator_needed"), refused.count("own_request")) == (len(tried), len(tried))


def test_a_key_is_made_when_another_has_compared_its_digest(floor: Floor) -> None:
    secret = new_secret()
    digest = digest_of(secret).hex()
    asked = floor.ok(floor.ada.post(f"/v1/operators/{floor.id('Ben')}/api_keys", json={"digest": digest}), 202)
    assert asked["parameters"]["digest"] == digest
    decided = floor.ok(floor.ben.post(f"/v1/approvals/{asked['id']}/approve"))
    assert (decided["status"], decided["resource"][:4]) == ("approved", "key_")
    assert secret not in str(decided)
    with floor.door.client(secret) as ben_too:
        asked = floor.ok(floor.ben.post("/v1/members", json=NEW), 202)
        assert floor.refused(ben_too.post(f"/v1/approvals/{asked['id']}/approve")) == (403, "own_request")
    again = floor.ada.post(f"/v1/operators/{floor.id('Ben')}/api_keys", json={"digest": digest})
    assert floor.refused(again) == (409, "already_exists")


def test_the_last_two_checkers_stay_and_nobody_names_a_puppet_in_the_place_of_one(floor: Floor) -> None:
    asked = floor.ada.post(f"/v1/operators/{floor.id('Ben')}/revoke")
    assert floor.refused(asked) == (409, "wrong_state")
    with floor.issuer.database.write() as connection:  # by whatever way, say an older release
        connection.exec_driver_sql("UPDATE operators SET status = 'revoked' WHERE name = 'Ben'")
    puppet = {"name": "Eve", "duties": ["checker"]}
    assert floor.ada.post("/v1/operators", json=puppet).status_code == 202
    assert floor.refused(floor.settlement.post("/v1/operators", json=puppet)) == (403, "named_operator_needed")


def test_an_address_that_is_to_move_a_members_money_needs_two(floor: Floor) -> None:
    account = {"member": floor.issuer.members["A"].member_id, "kind": "BDA", "currency": "USD"}
    own = account | {"custody": "self", "address": "0x" + "5b" * 20}
    asked = floor.ok(floor.ada.post("/v1/accounts", json=own), 202)
    assert floor.refused(floor.ada.post(f"/v1/approvals/{asked['id']}/approve")) == (403, "own_request")
    opened = floor.ok(floor.ben.post(f"/v1/approvals/{asked['id']}/approve"))
    assert opened["resource"] == account["member"]
    assert floor.ada.post("/v1/accounts", json=account).status_code == 201
