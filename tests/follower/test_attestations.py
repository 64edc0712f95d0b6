"""Who may say that a block is right, what is made of it, and what `finalized` means."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from ledger_node.chain.attestations import BlockAttestation, Network, two_thirds
from ledger_node.chain.errors import InvalidAttestation
from ledger_node.chain.genesis import parse_genesis
from ledger_node.chain.pyevm.engine import PyEvmChain
from ledger_node.errors import ConfigurationError
from ledger_node.keys import LocalSigner
from tests.chain.conftest import Person
from tests.follower.network import ATTESTORS, SEALER, a_genesis, key, open_at, pay


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[PyEvmChain]:
    """Five blocks on a network whose three attestors decide by two."""
    chain = open_at(tmp_path / "chain", a_genesis(*ATTESTORS), sealer=SEALER)
    alice = Person("alice")
    for _ in range(5):
        pay(chain, alice)
    yield chain
    chain.close()


def word(chain: PyEvmChain, attestor: LocalSigner, number: int) -> BlockAttestation:
    return Network(chain.chain_id, chain.header(0).hash).attest(attestor, number, chain.header(number).hash)


def test_a_block_is_final_when_the_quorum_attested_it_or_one_built_on_it(chain: PyEvmChain) -> None:
    assert chain.header("finalized").number == 0
    chain.attest(word(chain, ATTESTORS[0], 5))
    assert chain.header("finalized").number == 0, "one of three is no quorum"
    chain.attest(word(chain, ATTESTORS[1], 3))
    assert chain.header("finalized").number == 3
    assert chain.header("safe") == chain.header("finalized")
    assert chain.block("finalized").header.number == 3
    chain.attest(word(chain, ATTESTORS[2], 4))
    assert chain.header("finalized").number == 4
    assert chain.header("latest").number == 5


def test_an_attestation_speaks_for_every_block_before_it(chain: PyEvmChain) -> None:
    chain.attest(word(chain, ATTESTORS[0], 4))
    chain.attest(word(chain, ATTESTORS[0], 2))
    found = {number: [one.number for _, one in chain.attestations(number)] for number in range(6)}
    assert found == {0: [2], 1: [2], 2: [2], 3: [4], 4: [4], 5: []}


def test_attestations_outlive_a_restart(chain: PyEvmChain, tmp_path: Path) -> None:
    for attestor in ATTESTORS:
        chain.attest(word(chain, attestor, 3))
    chain.close()
    again = open_at(tmp_path / "chain", a_genesis(*ATTESTORS), sealer=SEALER)
    assert again.header("finalized").number == 3
    assert [address for address, _ in again.attestations(1)] == sorted(one.address for one in ATTESTORS)
    again.close()


def test_without_attestors_the_head_is_final(tmp_path: Path) -> None:
    chain = open_at(tmp_path / "chain", a_genesis(), sealer=SEALER)
    pay(chain, Person("alice"))
    assert chain.header("finalized") == chain.head()
    with pytest.raises(InvalidAttestation, match="none of the attestors"):
        chain.attest(word(chain, ATTESTORS[0], 1))
    chain.close()


def test_words_that_are_not_an_attestors_about_this_chain_are_refused(chain: PyEvmChain) -> None:
    good = word(chain, ATTESTORS[0], 2)
    elsewhere = Network(chain.chain_id, b"\x01" * 32).attest(ATTESTORS[0], 2, chain.header(2).hash)
    other_hash = Network(chain.chain_id, chain.header(0).hash).attest(ATTESTORS[0], 2, b"\x02" * 32)
    ahead = Network(chain.chain_id, chain.header(0).hash).attest(ATTESTORS[0], 6, b"\x02" * 32)
    high_s = bytearray(good.signature)
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    high_s[32:64] = (order - int.from_bytes(high_s[32:64], "big")).to_bytes(32, "big")
    high_s[64] = 55 - high_s[64]
    for bad, why in (
        (word(chain, key("stranger"), 2), "none of the attestors"),
        (word(chain, SEALER, 2), "none of the attestors"),
        (elsewhere, "none of the attestors"),
        (replace(good, number=3), "none of the attestors"),
        (replace(good, signature=bytes(65)), "not valid"),
        (replace(good, signature=good.signature[:64]), "not valid"),
        (replace(good, signature=bytes(high_s)), "high"),
        (other_hash, "here, not"),
        (ahead, "not here yet"),
    ):
        with pytest.raises(InvalidAttestation, match=why):
            chain.attest(bad)
    assert chain.attestations(0) == ()
    assert chain.attest(good) == ATTESTORS[0].address


def test_an_attestation_is_typed_data_as_wallets_sign_it(chain: PyEvmChain) -> None:
    header = chain.header(4)
    message = {
        "domain": {
            "name": "ledger-node block attestation",
            "version": "1",
            "chainId": chain.chain_id,
            "salt": chain.header(0).hash,
        },
        "primaryType": "BlockAttestation",
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "salt", "type": "bytes32"},
            ],
            "BlockAttestation": [{"name": "number", "type": "uint256"}, {"name": "blockHash", "type": "bytes32"}],
        },
        "message": {"number": 4, "blockHash": header.hash},
    }
    attestation = word(chain, ATTESTORS[0], 4)
    signer = Account.recover_message(encode_typed_data(full_message=message), signature=attestation.signature)
    assert bytes.fromhex(signer[2:]) == ATTESTORS[0].address


def test_the_genesis_says_who_attests_and_its_hash_commits_to_it() -> None:
    plain, attested = a_genesis(), a_genesis(*ATTESTORS)
    assert plain.header().hash != attested.header().hash != a_genesis(*ATTESTORS, quorum=3).header().hash
    assert parse_genesis(attested.to_json()) == attested
    assert attested.quorum == 2
    assert "attestation" not in plain.to_json()
    assert [two_thirds(count) for count in range(8)] == [0, 1, 2, 2, 3, 4, 4, 5]


@pytest.mark.parametrize("quorum", [0, 4, -1])
def test_an_impossible_quorum_is_refused(quorum: int) -> None:
    with pytest.raises(ConfigurationError, match="quorum"):
        a_genesis(*ATTESTORS, quorum=quorum)
    with pytest.raises(ConfigurationError, match="twice"):
        a_genesis(ATTESTORS[0], ATTESTORS[0])
