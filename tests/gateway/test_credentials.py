"""API keys: only their hash is stored, revoking works at once, and a key opens what its scope says and no more."""

import hashlib
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from ledger_node.cli.operator import operator as operator_commands
from ledger_node.clock import HandSetClock
from ledger_node.database import Database
from ledger_node.errors import Unauthenticated
from ledger_node.gateway.credentials import PREFIX, KeyRing, api_keys, digest_of, keys_of
from ledger_node.gateway.errors import ApiKeyNotFound
from tests.gateway.conftest import Bank, Door


@pytest.fixture
def ledger(tmp_path: Path) -> Database:
    database = Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    database.migrate()
    return database


def test_a_key_is_256_random_bits_and_stored_as_its_hash_alone(ledger: Database) -> None:
    ring = KeyRing(ledger, HandSetClock())
    with ledger.write() as connection:
        key, secret = ring.create(connection, scope="operator", member_id=None, name="night shift")
        row = connection.execute(sa.select(api_keys)).one()
    assert secret.startswith(PREFIX)
    assert len(secret) == len(PREFIX) + 43  # base64url of 32 bytes
    assert row.digest == hashlib.sha256(secret.encode()).digest()
    assert secret not in repr(row)
    assert secret not in repr(key)
    assert key.hint == secret[:8]


def test_a_ring_opened_again_knows_live_keys_and_not_revoked_ones(ledger: Database) -> None:
    ring = KeyRing(ledger, HandSetClock())
    with ledger.write() as connection:
        kept, kept_secret = ring.create(connection, scope="supervisor", member_id=None, name="kept")
        gone, gone_secret = ring.create(connection, scope="operator", member_id=None, name="gone")
        ring.revoke(connection, gone.id, member_id=None)
    again = KeyRing(ledger, HandSetClock())
    for each in (ring, again):
        assert each.caller(kept_secret).id == kept.id
        assert each.caller(kept_secret).scope == "supervisor"
        with pytest.raises(Unauthenticated):
            each.caller(gone_secret)


def test_revoking_twice_keeps_the_first_time(ledger: Database) -> None:
    clock = HandSetClock()
    ring = KeyRing(ledger, clock)
    with ledger.write() as connection:
        key, _ = ring.create(connection, scope="operator", member_id=None, name="x")
        first = ring.revoke(connection, key.id, member_id=None)
        clock.advance(1000)
        assert ring.revoke(connection, key.id, member_id=None) == first
        with pytest.raises(ApiKeyNotFound):
            ring.revoke(connection, "key_0", member_id=None)
        assert [each.id for each in keys_of(connection, member_id=None)] == [key.id]


@pytest.mark.parametrize("shown", ["", "lnk_", "lnk_" + "A" * 43, "Bearer", "lnk_ü", "\ud800", "x" * 10_000])
def test_what_is_no_key_opens_nothing(shown: str, ledger: Database) -> None:
    with pytest.raises(Unauthenticated):
        KeyRing(ledger, HandSetClock()).caller(shown)


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer  x y", "Basic dXNlcjpwYXNz", "Bearer lnk_wrong", "lnk_wrong", "Bearer a b"]
)
def test_no_usable_key_is_401_and_says_how_to_show_one(header: str | None, anybody: httpx.Client) -> None:
    answer = anybody.get("/v1/accounts", headers={} if header is None else {"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_two_authorization_headers_are_none(operator: Bank, anybody: httpx.Client) -> None:
    shown = operator.http.headers["authorization"]
    answer = anybody.get("/v1/accounts", headers=[("Authorization", shown), ("Authorization", shown)])
    assert answer.status_code == 401


def test_a_key_works_until_it_is_revoked_and_never_again(door: Door, operator: Bank, brava: Bank) -> None:
    path = f"/v1/members/{brava.id}/api_keys"
    made = operator.http.post(path, json={"name": "second"}).json()
    assert made["api_key"].startswith(made["hint"])
    with door.client(made["api_key"]) as http:
        assert http.get("/v1/accounts").status_code == 200
        revoked = operator.http.post(f"{path}/{made['id']}/revoke")
        assert (revoked.status_code, revoked.json()["revoked_at"] is not None) == (200, True)
        assert http.get("/v1/accounts").status_code == 401
    assert brava.http.get("/v1/accounts").status_code == 200
    listed = {key["id"]: key for key in operator.http.get(path).json()["data"]}
    assert listed[made["id"]] == revoked.json()
    assert "api_key" not in listed[made["id"]]


def test_a_key_is_revoked_under_its_own_member_only(operator: Bank, brava: Bank, cedar: Bank) -> None:
    made = operator.http.post(f"/v1/members/{brava.id}/api_keys").json()
    answer = operator.http.post(f"/v1/members/{cedar.id}/api_keys/{made['id']}/revoke")
    assert (answer.status_code, answer.json()["code"]) == (404, "api_key_not_found")


def test_one_member_never_sees_another(albion: Bank, brava: Bank) -> None:
    paid = albion.pay("/v1/mints", albion.dda["USD"], albion.bda["USD"], "1.00").json()["id"]
    assert brava.http.get("/v1/members").json()["data"] == [brava.http.get(f"/v1/members/{brava.id}").json()]
    foreign = {
        f"/v1/members/{albion.id}": "member_not_found",
        f"/v1/accounts/{albion.dda['USD']}": "account_not_found",
        f"/v1/accounts/{albion.bda['USD']}/balances": "account_not_found",
        f"/v1/accounts/{albion.bda['USD']}/entries": "account_not_found",
        f"/v1/mints/{paid}": "payment_not_found",
    }
    for path, code in foreign.items():
        answer = brava.http.get(path)
        unknown = brava.http.get(path.replace(path.split("/")[3], "x_01981b3e0d537c1ab6c42f6d1f1a9a01"))
        assert (answer.status_code, answer.json()["code"]) == (404, code)
        assert (unknown.status_code, unknown.json()["code"]) == (404, code)
    assert brava.http.get(f"/v1/accounts?member={albion.id}").json()["data"] == []
    seen = brava.http.get("/v1/mints?limit=100").json()["data"] + brava.http.get("/v1/events?limit=100").json()["data"]
    assert {row["member"] for row in seen} <= {brava.id}


def test_an_operator_makes_and_revokes_keys_for_its_house_but_not_the_one_in_use(door: Door, operator: Bank) -> None:
    made = operator.http.post("/v1/api_keys", json={"name": "auditor", "scope": "supervisor"})
    assert (made.status_code, made.json()["scope"], made.json()["member"]) == (201, "supervisor", None)
    key = made.json()
    with door.client(key["api_key"]) as http:
        listed = {each["id"] for each in http.get("/v1/api_keys").json()["data"]}
        assert key["id"] in listed
        assert operator.http.post(f"/v1/api_keys/{key['id']}/revoke").status_code == 200
        assert http.get("/v1/api_keys").status_code == 401
    in_use = operator.http.headers["authorization"].removeprefix("Bearer ")
    own_id = door.app.state.keys.caller(in_use).id
    refused = operator.http.post(f"/v1/api_keys/{own_id}/revoke")
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert operator.http.get("/v1/api_keys").status_code == 200


def test_a_members_key_is_not_one_of_the_house(operator: Bank, brava: Bank) -> None:
    made = operator.http.post(f"/v1/members/{brava.id}/api_keys").json()
    answer = operator.http.post(f"/v1/api_keys/{made['id']}/revoke")
    assert (answer.status_code, answer.json()["code"]) == (404, "api_key_not_found")
    assert operator.http.post("/v1/api_keys", json={"name": "x", "scope": "member"}).json()["code"] == "invalid_field"


def test_a_person_makes_a_secret_and_tells_its_digest_only(tmp_path: Path) -> None:
    file = tmp_path / "eve.key"
    outcome = CliRunner().invoke(operator_commands, ["secret", str(file)])
    secret = file.read_text().strip()
    assert outcome.output.strip() == digest_of(secret).hex()
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    again = CliRunner().invoke(operator_commands, ["secret", str(file)])
    assert (again.exit_code, file.read_text().strip()) == (2, secret)
