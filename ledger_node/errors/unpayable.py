"""The payment breaks a rule."""

from ledger_node.errors.base import Refused


class Unpayable(Refused):
    code = "unpayable"
    title = "The payment breaks a rule"
    reason_code = "AG01"
    remedy = "The detail says which rule the payment breaks."


class WrongAccountKind(Unpayable):
    code = "wrong_account_kind"
    title = "The account is of the wrong kind for this verb"
    reason_code = "AG01"
    remedy = "Mint is DDA to BDA, transfer BDA to BDA, redemption BDA to DDA; deposits and withdrawals name a DDA."


class SameAccount(Unpayable):
    code = "same_account"
    title = "Debtor and creditor account are the same"
    reason_code = "AC01"
    remedy = "Name two different accounts."


class CurrencyMismatch(Unpayable):
    code = "currency_mismatch"
    title = "The currency is not the account's"
    reason_code = "AC09"
    remedy = "Both accounts must have the currency of the payment; nothing is exchanged here."


class AccountNotActive(Unpayable):
    code = "account_not_active"
    title = "The account is not active"
    reason_code = "AC06"
    remedy = "The account is pending or blocked. Ask the operator."


class AccountClosed(Unpayable):
    code = "account_closed"
    title = "The account is closed"
    reason_code = "AC04"
    remedy = "Use another account; a closed one stays closed."


class SelfCustody(Unpayable):
    """A BDA in the member's own custody moves only by the member's own key."""

    code = "self_custody"
    title = "The account moves only by its own key"
    reason_code = "AG01"
    remedy = "The account is in the member's own custody: it moves by the member's own key, on chain."


class AuthorizationInvalid(Unpayable):
    """Not the signature of the debtor's key over this transfer, on this token and chain, in its one low-s form."""

    code = "authorization_invalid"
    title = "The authorisation is not the debtor's for this transfer"
    reason_code = "AG01"
    remedy = (
        "Sign TransferWithAuthorization for exactly this debtor, creditor and amount, in the domain of this currency's "
        "token on this chain, with the debtor's own key, low s. The detail says which check failed."
    )


class AuthorizationNotYetValid(Unpayable):
    code = "authorization_not_yet_valid"
    title = "The authorisation is not valid yet"
    reason_code = "DT01"
    remedy = "Wait until `valid_after`, or sign another one."


class AuthorizationExpired(Unpayable):
    code = "authorization_expired"
    title = "The authorisation is no longer valid"
    reason_code = "DT01"
    remedy = "Sign another one with a later `valid_before`."


class AuthorizationUsed(Unpayable):
    """Its nonce was presented here before, or was used or canceled on chain."""

    code = "authorization_used"
    title = "The authorisation was used before"
    reason_code = "AM05"
    remedy = "An authorisation is presented once: sign another one with a new nonce."


class CreditorNotActive(Unpayable):
    code = "creditor_not_active"
    title = "The creditor cannot receive"
    reason_code = "AC03"
    remedy = "The receiving bank or its account cannot receive now. Ask the receiver."


class InsufficientFunds(Unpayable):
    code = "insufficient_funds"
    title = "Not enough fiat on the deposit account"
    reason_code = "AM04"
    remedy = "Fund the deposit account, or ask for less; amounts on hold for mints under way count as spent."


class InsufficientBalance(Unpayable):
    """Not enough tokens on the BDA, counting payments in flight."""

    code = "insufficient_balance"
    title = "Not enough tokens on the blockchain account"
    reason_code = "AM04"
    remedy = "Mint or receive tokens first, or ask for less; payments under way count as spent."


class NettingExpired(Unpayable):
    code = "netting_expired"
    title = "No netting cycle settled it in time"
    reason_code = "AM04"
    remedy = "Seen on a rejected payment. Ask for it again, net or gross, with a new key."


class NettingQueueFull(Unpayable):
    code = "netting_queue_full"
    title = "Too many of the member's payments wait to be settled net"
    remedy = "Cancel queued payments, or wait until a netting cycle has taken some; the same key may be used then."


class LimitExceeded(Unpayable):
    code = "limit_exceeded"
    title = "Above the agreed limit"
    reason_code = "AM14"
    remedy = "Ask for less, or ask the operator to raise the limit."


class RejectedOnChain(Unpayable):
    """The token contract refused the leg or the batch; the payment is rejected with the contract's reason."""

    code = "rejected_on_chain"
    title = "The token contract refused"
    reason_code = "AG01"
    remedy = "The token contract refused; the reason is in the detail. Nothing moved."
