"""Examples of attestations, proofs and the reconciliation. The proof holds: a test verifies it."""

from typing import Any

SIGNED: dict[str, Any] = {
    "id": "bat_01981b3e0d537c1ab6c42f6d1f1a9a08",
    "currency": "USD",
    "batch_id": "0x74624e802b5a099baca28dc3840673cd8ea99d2e1404dbfeaa62de90c1a37ff6",
    "reserve": "5000.00",
    "claims_root": "0xa2344ccd09d031d328d82b65326355f0f014787e6329bc72d647766682e2c666",
    "ledger_sequence": 1201,
    "ledger_head": "0xc9ddd711764f374af026b66ad9ae88a648267af49f32f226868b582df8d8d310",
    "signature": "0xba8ef3c40c30f1f59056c361369a1e0007710cd039c68b37748444297841a5d7"
    "462233face0dda312c23d9459d0d634133d2bb3b051a4ad68392dc10269785861c",
    "attestor": "0xc9b77e7ebdb5c82b805df61c3119a9a36c291a2a",
    "domain": {
        "name": "USD Deposit Token",
        "version": "1",
        "chain_id": 7331,
        "verifying_contract": "0xba975da4d2459aa3f11d31291a25a8358f84946d",
    },
    "block_number": 42,
    "transaction_hash": "0x5b1f7f3d2c8c0b8f6c3f9a1f0a4e9d8e7c6b5a49382716051423324150607080",
}
ATTESTATION = SIGNED | {"claims": "5000.00", "created_at": "2026-01-31T09:30:00.125Z"}
PROOF: dict[str, Any] = {
    "version": 1,
    "attestation": SIGNED,
    "claim": {
        "account": "acct_01981b3e0d537c1ab6c42f6d1f1a9a03",
        "balance": "60.00",
        "salt": "0xa05e334153147e75f3f416139b5109d1179cb56fef6a4ecb4c4cbc92a7c37b70",
        "place": 1,
    },
    "siblings": [{"hash": "0x809ae997d66b6ece6882888fe91558d5472010f2b64a2b28bfd251c8c18500f2", "sum": "4940.00"}],
    "claims": "5000.00",
}
RECONCILIATION: dict[str, Any] = {
    "agree": False,
    "block_number": 42,
    "compared_at": "2026-01-31T09:30:00.125Z",
    "complete_at": "2026-01-31T09:25:00.000Z",
    "complete_at_block": 40,
    "accounts_compared": 2,
    "breaks": [
        {
            "code": "balance_differs",
            "subject": PROOF["claim"]["account"],
            "currency": "USD",
            "book": "60.00",
            "chain": "59.93",
            "since_block": 41,
            "detail": "The book says 6000, the chain 5993 (minor units of USD): the book has 7 more.",
        }
    ],
}
