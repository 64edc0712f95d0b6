"""The bodies a caller fills in. Shape only: what a field may say is settlement's to judge; OpenAPI tells it as well."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from ledger_node.gateway import examples
from ledger_node.settlement.onchain.signing_keys import Office
from ledger_node.settlement.texts import can_be_seen

NO_CONTROLS = r"^[^\x00-\x1f\x7f]+$"


def _seen(text: str) -> str:
    if not can_be_seen(text):
        raise ValueError("Send text that can be seen: no control, format or line-breaking characters, not only spaces.")
    return text


Text = Annotated[str, StringConstraints(min_length=1, max_length=140, pattern=NO_CONTROLS), AfterValidator(_seen)]
"""What a person writes, by the one rule of settlement's `texts`."""

Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_CONTROLS)]
BatchId = Annotated[str, StringConstraints(min_length=1, max_length=68, pattern=NO_CONTROLS)]
Reference = Annotated[str, Field(json_schema_extra={"pattern": "^[ -~]{1,35}$"})]
Uetr = Annotated[
    str,
    Field(
        json_schema_extra={"pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"},
    ),
]
AmountText = Annotated[
    str,
    Field(
        description="Decimal string with at most the currency's digits after the point; JSON numbers are refused.",
        json_schema_extra={"pattern": r"^(0|[1-9][0-9]*)(\.[0-9]{1,6})?$"},
    ),
]
CurrencyCode = Annotated[str, Field(description="ISO 4217 code.", json_schema_extra={"pattern": "^[A-Z]{3}$"})]


Address = Annotated[
    str,
    StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$"),
    Field(description="20 bytes in hexadecimal, with 0x."),
]


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _like(**fields: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [fields]})


class PaymentForm(Form):
    """Mint: DDA → BDA. Transfer: BDA → BDA. Redemption: BDA → DDA."""

    model_config = _like(
        debtor_account=examples.BDA_ID,
        creditor_account=examples.OTHER_BDA_ID,
        amount="60.00",
        currency="USD",
        end_to_end_id="INV-2026-0042",
    )

    debtor_account: Id
    creditor_account: Id
    amount: AmountText
    currency: CurrencyCode
    end_to_end_id: Annotated[Reference | None, Field(description="Your reference, carried to the other side.")] = None
    uetr: Annotated[Uetr | None, Field(description="Unique end-to-end reference (UUIDv4); made if absent.")] = None
    external_id: Annotated[Reference | None, Field(description="Your own system's id; shown to you only.")] = None


Settlement = Annotated[
    Literal["gross", "net"],
    Field(
        description="`net`: it waits, without needing the balance now, until a netting cycle sets it off against what "
        "others pay."
    ),
]


class AuthorizationForm(Form):
    """ERC-3009 TransferWithAuthorization, signed by the debtor account's own key in the token's EIP-712 domain."""

    model_config = _like(
        valid_after=0, valid_before=1769852400, nonce="0x" + "5b" * 32, signature="0x" + "5b" * 64 + "1b"
    )

    valid_after: Annotated[int, Field(strict=True, ge=0, le=2**53 - 1, description="Unix seconds; strictly after.")]
    valid_before: Annotated[int, Field(strict=True, ge=0, le=2**53 - 1, description="Unix seconds; strictly before.")]
    nonce: Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{64}$"), Field(description="32 bytes, used once.")]
    signature: Annotated[
        str,
        StringConstraints(pattern=r"^0x([0-9a-fA-F]{2}){1,4096}$"),
        Field(description="r, s, v (65 bytes); of any form for a contract wallet (ERC-1271)."),
    ]


class TransferForm(PaymentForm):
    """A transfer. `authorization` moves an account in self custody."""

    authorization: AuthorizationForm | None = None
    settlement: Settlement = "gross"


class FiatForm(Form):
    """Fiat into or out of a member's DDA."""

    model_config = _like(account=examples.DDA_ID, amount="1000.00", currency="USD", end_to_end_id="WIRE-77")

    account: Annotated[Id, Field(description="The DDA.")]
    amount: AmountText
    currency: CurrencyCode
    end_to_end_id: Reference | None = None
    external_id: Reference | None = None


class MemberForm(Form):
    model_config = _like(bic="ALPHUS33XXX", lei="549300ALPHABANKNA115", legal_name="Alpha Bank N.A.")

    bic: Annotated[str, Field(max_length=32, description="ISO 9362.")]
    lei: Annotated[str, Field(max_length=32, description="ISO 17442, with its check digits.")]
    legal_name: Text


class AccountForm(Form):
    model_config = _like(member=examples.MEMBER_ID, kind="BDA", currency="USD")

    member: Id
    kind: Literal["DDA", "BDA"]
    currency: CurrencyCode
    custody: Annotated[
        Literal["managed", "self"] | None,
        Field(description="Who moves a BDA: the issuer (default) or its own key."),
    ] = None
    address: Annotated[Address | None, Field(description="The member's own address, for self-custody only.")] = None


Digest = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{64}$"),
    Field(description="SHA-256 of a secret that the key's owner has made and keeps; then no answer has the key."),
]


class ApiKeyForm(Form):
    model_config = _like(name="payments engine, 2026")

    name: Annotated[Text, Field(max_length=64, description="What the key is for; shown in lists.")] = "unnamed"
    user: Annotated[
        Text | None,
        Field(max_length=64, description="Whose key it is; without one the key is a user of its own."),
    ] = None
    digest: Digest | None = None


class HouseKeyForm(Form):
    model_config = _like(name="night shift", scope="operator")

    name: Annotated[Text, Field(max_length=64)]
    scope: Literal["operator", "supervisor"]
    digest: Digest | None = None


class OperatorKeyForm(Form):
    model_config = _like(digest="5b" * 32)

    digest: Digest | None = None


class RotateForm(Form):
    model_config = _like(overlap_s=86400)

    overlap_s: Annotated[
        int, Field(strict=True, ge=0, le=7_776_000, description="How long the old key works beside the new one.")
    ] = 86_400
    digest: Digest | None = None


Reason = Text


class OfficeForm(Form):
    """Which office of the house another key is to hold."""

    model_config = _like(office="settlement", reason="Yearly rotation")

    office: Office
    reason: Reason | None = None


class ReasonForm(Form):
    """Why; recorded in the audit log."""

    model_config = _like(reason="Licence withdrawn")

    reason: Reason | None = None


class OrderForm(Form):
    """An order needs its reason; it is recorded, for a forced transfer on chain as well."""

    model_config = _like(reason="Order 2026-117 of the district court")

    reason: Reason


class FreezeAmountForm(OrderForm):
    model_config = _like(amount="250.00", reason="Order 2026-117 of the district court")

    amount: Annotated[AmountText, Field(description="What is frozen from now on, in all; 0.00 lifts it.")]


class MintLimitForm(OrderForm):
    model_config = _like(per_day="50000000.00", reason="Risk committee, 2026-01-30")

    per_day: Annotated[
        AmountText | None, Field(description="What may be minted in 24 hours; null: what the reserve covers.")
    ]


class ForcedTransferForm(OrderForm):
    model_config = _like(
        debtor_account=examples.BDA_ID,
        creditor_account=examples.OTHER_BDA_ID,
        amount="60.00",
        currency="USD",
        reason="Order 2026-117 of the district court",
    )

    debtor_account: Id
    creditor_account: Id
    amount: AmountText
    currency: CurrencyCode


class NettingCycleForm(Form):
    model_config = _like(currency="USD")

    currency: CurrencyCode
    reason: Reason | None = None


class LimitsForm(Form):
    """What changes of a member's limits in a currency: what is left out stays, null goes back to its default."""

    model_config = _like(per_day="500000000.00", holding=None, reason="Contract of 2026-01-30")

    per_payment: Annotated[AmountText | None, Field(description="Default: 200 million whole units.")] = None
    per_day: Annotated[AmountText | None, Field(description="What may leave its BDAs in a UTC day.")] = None
    holding: Annotated[AmountText | None, Field(description="What its BDAs may hold together.")] = None
    approval_above: Annotated[
        AmountText | None, Field(description="Larger payments wait for a second user of the member.")
    ] = None
    reason: Reason | None = None


class OperatorForm(Form):
    model_config = _like(name="Ada Byron", duties=["maker", "checker"])

    name: Annotated[Text, Field(max_length=64)]
    duties: Annotated[
        list[Literal["maker", "checker", "admin"]],
        Field(min_length=1, max_length=3, description="Ask; approve what another asked for; name people, make keys."),
    ]
    reason: Reason | None = None
