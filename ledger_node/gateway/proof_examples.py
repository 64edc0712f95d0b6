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
PAYMENT_PROOF: dict[str, Any] = {
    "version": 1,
    "attestation": {
        "id": "bat_ac168e8712ebd055b0bbb34e51271ecf5c78ac6dd3406416f52ee6501bd0651c",
        "currency": "USD",
        "batch_id": "0xac168e8712ebd055b0bbb34e51271ecf5c78ac6dd3406416f52ee6501bd0651c",
        "reserve": "5000.00",
        "claims_root": "0xa61808fe40feb8b3433778bbc2ececcaa47c8c47fc1657f054c239efd3f0e984",
        "ledger_sequence": 1201,
        "ledger_head": "0x9f2e6d33a3717ee826353a404ba4618d1aeeb6879ad7936bce8ed5f46814924d",
        "signature": "0x54797797db9c3e900c9a4d2c15f302853f27a92074b88e9b9b7c4d450d2899"
        "0539ad3422bc941d4f89302dee384574cb2a49a74ff559ca1e057caedee30ef7bc1c",
        "attestor": "0xc9b77e7ebdb5c82b805df61c3119a9a36c291a2a",
        "domain": {
            "name": "USD Deposit Token",
            "version": "1",
            "chain_id": 7331,
            "verifying_contract": "0x3c469e9d6c5875d37a43f353d4f88e61fcf812c6",
        },
        "block_number": 42,
        "transaction_hash": "0x1b5b9ccb3e8d006a5230de9bda23ff91edc794d4f56410560830b418528e446c",
    },
    "payment": {
        "id": "trf_01981b3e0d537c1ab6c42f6d1f1a9a05",
        "uetr": "97ed4827-7b6f-4491-a06f-b548d5a7512d",
        "debtor": "0xfc8c1769e3c7b629b7f685408cbce3ea14dff994",
        "creditor": "0x99b5d4f3307208f7584c3d30f0ff8297770058a4",
        "amount": "60.00",
        "currency": "USD",
        "salt": "0x63479ad69a090b258277ec8fba6f99419a2ffb248981510657c944ccd1148e97",
        "place": 1,
    },
    "siblings": ["0xae448ac86c4e8e4dec645729708ef41873ae79c6dff84eff73360989487f08e5"],
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
