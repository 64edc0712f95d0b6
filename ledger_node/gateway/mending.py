"""What a caller can do about each error code. Shown at `/errors/{code}` and in docs/reference/errors.md."""

MENDING: dict[str, str] = {
    "malformed": "The request cannot be read. Compare it with the example at /docs.",
    "malformed_json": "Send one JSON object in UTF-8. The detail says where reading stopped.",
    "invalid_field": "`errors` names each field at fault by JSON pointer and says what it should be.",
    "invalid_amount": (
        'Send a string such as "60.00": greater than zero, no sign or exponent, at most the currency\'s '
        "digits, at most 2^53-1 minor units."
    ),
    "unknown_currency": "Use an ISO 4217 code this node issues; GET /v1/reserve lists them.",
    "unknown_parameter": "Remove the parameter or mend its spelling; a misspelt filter would have listed everything.",
    "idempotency_key_missing": (
        "Make a key of your own (a UUID will do), store it with the payment, and send it as Idempotency-Key."
    ),
    "idempotency_key_invalid": "Send one Idempotency-Key header of 1 to 255 visible ASCII characters.",
    "malformed_http": (
        "Send HTTP/1.1 as RFC 9112 has it: one Host, one Content-Length or `Transfer-Encoding: chunked`, CRLF at "
        "the end of every line. The connection was closed."
    ),
    "headers_too_large": "Send fewer or shorter header fields (settings `head_bytes_max`, `headers_max`).",
    "transfer_coding_unknown": "Send the body as it is or chunked, without compression.",
    "rate_limited": (
        "Wait as many seconds as Retry-After says; RateLimit says what is left (settings `rate_per_key`, "
        "`rate_per_address`). A payment may be repeated with the same Idempotency-Key."
    ),
    "request_timeout": "Send the whole request at once. A payment may be repeated with the same Idempotency-Key.",
    "body_too_large": "Send a smaller body; the detail names the limit, which the operator sets as body_max_bytes.",
    "unsupported_media_type": "Send Content-Type: application/json and no Content-Encoding.",
    "unauthenticated": (
        "Send a live API key as `Authorization: Bearer lnk_…`. A key that was revoked stays revoked: ask the "
        "operator for a new one."
    ),
    "not_allowed": "Ask the operator what your organisation may do.",
    "forbidden": "Use a key with the scope that the detail names.",
    "member_not_active": "The operator must activate the member first.",
    "member_suspended": "The operator has suspended the member; reading still works. Ask the operator.",
    "own_request": "Another person must decide; one's own second key does not count.",
    "named_operator_needed": "Use a key that POST /v1/operators made; four_eyes is on.",
    "not_found": "Check the path against /docs.",
    "member_not_found": "Check the id. Members see themselves only.",
    "account_not_found": "Check the id. An account that is not yours answers like one that does not exist.",
    "payment_not_found": "Check the id and the path: a mint is not found under transfers.",
    "api_key_not_found": "List the keys to find the right id.",
    "operator_not_found": "GET /v1/operators lists them.",
    "approval_not_found": "GET /v1/approvals lists what you may see.",
    "house_key_not_found": "GET /v1/house_keys lists them.",
    "order_not_found": "GET /v1/orders lists them.",
    "method_not_allowed": "The Allow header lists the methods of this path.",
    "conflict": "Read the resource again and decide anew.",
    "already_exists": "Use the one that exists; `facts` may name it.",
    "wrong_state": "Read the resource: its state has moved on, or is not there yet.",
    "not_empty": "Redeem the tokens, withdraw the fiat, wait until nothing is on its way; `facts` says what is left.",
    "approval_expired": "Ask again; the other person has until `expires_at`.",
    "idempotency_conflict": (
        "The key belongs to an earlier, different request, which the detail names. For a new request take a new key."
    ),
    "refused": "The detail says which rule refused it.",
    "unpayable": "The detail says which rule the payment breaks.",
    "wrong_account_kind": (
        "Mint is DDA to BDA, transfer BDA to BDA, redemption BDA to DDA; deposits and withdrawals name a DDA."
    ),
    "same_account": "Name two different accounts.",
    "currency_mismatch": "Both accounts must have the currency of the payment; nothing is exchanged here.",
    "account_not_active": "The account is pending or blocked. Ask the operator.",
    "account_closed": "Use another account; a closed one stays closed.",
    "creditor_not_active": "The receiving bank or its account cannot receive now. Ask the receiver.",
    "insufficient_funds": (
        "Fund the deposit account, or ask for less; amounts on hold for mints under way count as spent."
    ),
    "netting_expired": "Seen on a rejected payment. Ask for it again, net or gross, with a new key.",
    "netting_queue_full": (
        "Cancel queued payments, or wait until a netting cycle has taken some; the same key may be used then."
    ),
    "insufficient_balance": "Mint or receive tokens first, or ask for less; payments under way count as spent.",
    "self_custody": "The account is in the member's own custody: it moves by the member's own key, on chain.",
    "authorization_invalid": (
        "Sign TransferWithAuthorization for exactly this debtor, creditor and amount, in the domain of this currency's "
        "token on this chain, with the debtor's own key, low s. The detail says which check failed."
    ),
    "authorization_not_yet_valid": "Wait until `valid_after`, or sign another one.",
    "authorization_expired": "Sign another one with a later `valid_before`.",
    "authorization_used": "An authorisation is presented once: sign another one with a new nonce.",
    "netting_cycle_not_found": "List them with GET /v1/netting_cycles.",
    "not_settled_net": ("Read the transfer: `settlement` is `net` and `status` is `settled` when it has a proof."),
    "attestation_not_found": (
        "List them with GET /v1/reserve/attestations. An account is in those of its currency made after it was "
        "registered."
    ),
    "proof_invalid": "The detail says what is wrong. If the file is as it was handed out, ask the operator.",
    "limit_exceeded": "Ask for less, or ask the operator to raise the limit.",
    "rejected_on_chain": "The token contract refused; the reason is in the detail. Nothing moved.",
    "unavailable": "Try again after Retry-After, with the same Idempotency-Key.",
    "stopping": "The node is stopping. Try again in a moment, with the same Idempotency-Key.",
    "overloaded": "Try again after Retry-After, with the same Idempotency-Key.",
    "doors_closed": (
        "Book and chain disagree, or a store is damaged; the detail says which. Money does not move until the "
        "operator has mended it. Reading works."
    ),
    "chain_unavailable": "The chain cannot be reached. Try again after Retry-After, with the same Idempotency-Key.",
    "storage_unavailable": (
        "A store of the node is locked, away, full or not writable; the detail says which. It passes when the cause "
        "does. Try again after Retry-After, with the same Idempotency-Key."
    ),
    "internal": (
        "The fault is the node's. Quote the request_id to the operator; a payment may be repeated with the "
        "same Idempotency-Key."
    ),
    "fault": "The node's stores disagree; the operator's log says how. Callers see `internal`.",
    "configuration_error": "A setting is wrong; the operator's log says which. Callers see `internal`.",
    "chain_behind_ledger": "The chain lost blocks that were booked; restore the chain store. Callers see `internal`.",
    "ledger_behind_chain": (
        "The ledger is an older copy than its chain; restore the newest one. Nothing is signed. Callers see `internal`."
    ),
    "storage_failed": (
        "A store of the node is damaged; the operator's log and /readyz say which. "
        "Callers see `internal`, and `doors_closed` where money moves."
    ),
    "backing_broken": "Supply and reserve disagree; run `ledger-node audit`. Callers see `internal`.",
    "chain_error": "The chain refused what the node asked of it. Callers see `internal`.",
    "invalid_transaction": (
        "A transaction is not one this chain can take. On JSON-RPC: mend and sign it again. Here: `internal`."
    ),
    "nonce_too_low": "The sender's nonce is used already. On JSON-RPC: ask for the next one. Here: `internal`.",
    "nonce_too_high": "A transaction before this one is missing. On JSON-RPC: send that one first. Here: `internal`.",
    "insufficient_balance_for_gas": (
        "The sender cannot pay for the gas it offers. On JSON-RPC: offer zero. Here: `internal`."
    ),
    "intrinsic_gas_too_low": "Less gas than the transaction itself costs. On JSON-RPC: estimate it. Here: `internal`.",
    "gas_limit_too_high": "More gas than a block has. On JSON-RPC: estimate it. Here: `internal`.",
    "underpriced": "Another transaction with this nonce waits. On JSON-RPC: offer more than it does. Here: `internal`.",
    "mempool_full": "Too many transactions wait. On JSON-RPC: send it again later. Here: `internal`.",
    "not_permitted": (
        "The network's permissions refuse the sender. On JSON-RPC: ask your administrator. Here: `internal`."
    ),
    "invalid_block": "A block breaks a rule of the network; it was not imported. Callers see `internal`.",
    "reverted": "A contract refused the call; its data says why. Callers see `internal`.",
    "call_failed": "A call ran out of gas, of time, or into an invalid opcode. Callers see `internal`.",
    "block_not_found": "There is no such block, or its state is not kept. Callers see `internal`.",
    "genesis_mismatch": "The data directory belongs to another network; use its own. Callers see `internal`.",
    "chain_replaced": (
        "The other client's chain was reset or took a final block back; see the operator's log. Callers see `internal`."
    ),
    "source_refused": "A node that a follower asks refused the question. Callers see `internal`.",
    "invalid_attestation": "A follower's word about a block is not what its key signed. Callers see `internal`.",
}
