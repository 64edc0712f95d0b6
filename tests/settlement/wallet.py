"""The contract wallet of these tests: its source, the artifact committed beside it, and its moods.

`python -m tests.settlement.wallet` compiles it again with npm's solc, as `contracts/` does.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from ledger_node.chain.contract import create_address
from ledger_node.chain.encoding import keccak
from ledger_node.settlement.onchain.signing import Fees, sign_transaction
from tests.clients.guestbook import compiled
from tests.settlement.issuer import Issuer, key

SOURCE = Path(__file__).parent / "ContractWallet.sol"
ARTIFACT = SOURCE.with_suffix(".json")
OWNER = key("owner of the wallet")
MOODS = (
    "honest", "burns gas", "reverts", "says garbage", "says too little", "refuses on chain", "burns gas on chain",
)  # fmt: skip


@cache
def artifact() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(ARTIFACT.read_text(encoding="utf-8"))
    return read


def deployed(issuer: Issuer) -> bytes:
    """A wallet of OWNER on the issuer's chain, once the next block is made."""
    builder = key("wallet builder")
    nonce = issuer.chain.nonce(builder.address, "pending")
    code = bytes.fromhex(artifact()["bytecode"][2:]) + bytes(12) + OWNER.address
    signed = sign_transaction(
        builder, chain_id=issuer.chain.chain_id, nonce=nonce, to=None, data=code, gas=2_000_000, fees=Fees()
    )
    issuer.chain.send_raw_transaction(signed.raw)
    return create_address(builder.address, nonce)


def becomes(mood: str) -> bytes:
    """The calldata with which anybody changes how a wallet behaves."""
    return keccak(b"become(uint8)")[:4] + MOODS.index(mood).to_bytes(32, "big")


if __name__ == "__main__":
    ARTIFACT.write_text(json.dumps(compiled(SOURCE), indent=1) + "\n", encoding="utf-8")
