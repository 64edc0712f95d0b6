"""The plan of a demonstration: banks and payments, read from a TOML file. The same file gives the same payments.

Keeps a model of its own of every balance, in `Decimal`, so that the node is not judged by its own arithmetic.
"""

import random
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ledger_node.errors import ConfigurationError

Verb: TypeAlias = Literal["deposit", "mint", "transfer", "redemption"]
Kind: TypeAlias = Literal["DDA", "BDA"]
KINDS: tuple[Kind, ...] = ("DDA", "BDA")
Holding: TypeAlias = tuple[str, Kind, str]
"""A bank's BIC, the kind of account, the currency."""


@dataclass(frozen=True, slots=True)
class Bank:
    bic: str
    lei: str
    legal_name: str
    deposit: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Payment:
    """One request, whoever sends it: `key` is its Idempotency-Key."""

    key: str
    verb: Verb
    payer: str
    payee: str
    amount: Decimal
    currency: str

    @property
    def debtor(self) -> Holding:
        return self.payer, "DDA" if self.verb == "mint" else "BDA", self.currency

    @property
    def creditor(self) -> Holding:
        return self.payee, "DDA" if self.verb in ("redemption", "deposit") else "BDA", self.currency


@dataclass(frozen=True, slots=True)
class Plan:
    banks: tuple[Bank, ...]
    deposits: tuple[Payment, ...]
    mints: tuple[Payment, ...]
    transfers: tuple[Payment, ...]
    redemptions: tuple[Payment, ...]
    clients_per_bank: int
    kill_after_transfers: int

    @property
    def payments(self) -> tuple[Payment, ...]:
        return self.mints + self.transfers + self.redemptions

    def final_balances(self) -> dict[Holding, Decimal]:
        """What every account must hold when all is settled, each payment once."""
        balances: dict[Holding, Decimal] = defaultdict(Decimal)
        for payment in self.deposits + self.payments:
            balances[payment.creditor] += payment.amount
            if payment.verb != "deposit":
                balances[payment.debtor] -= payment.amount
        return dict(balances)


def read_plan(path: Path) -> Plan:
    """Raises ConfigurationError when the file is missing, not TOML, or asks for payments that nobody could afford."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        plan = _plan(document)
    except FileNotFoundError:
        raise ConfigurationError(
            f"There is no plan at {path}; name one with --plan (examples/demo.toml is one)."
        ) from None
    except (tomllib.TOMLDecodeError, KeyError, TypeError, InvalidOperation) as error:
        raise ConfigurationError(f"{path} is not a plan: {type(error).__name__}: {error}.") from None
    short = [holding for holding, balance in plan.final_balances().items() if balance < 0]
    if short:
        raise ConfigurationError(
            f"{path} asks for more than there is on {short[0]}; deposit or mint more, or pay less."
        )
    return plan


def _plan(document: dict[str, Any]) -> Plan:
    banks = tuple(
        Bank(bank["bic"], bank["lei"], bank["legal_name"], _amounts(bank["deposit"])) for bank in document["banks"]
    )
    deposits = tuple(
        Payment(f"deposit-{bank.bic}-{code}", "deposit", bank.bic, bank.bic, amount, code)
        for bank in banks
        for code, amount in bank.deposit.items()
    )
    mints = _for_each_bank("mint", banks, document["mints"])
    redemptions = _for_each_bank("redemption", banks, document["redemptions"])
    spendable: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for payment in mints:
        spendable[payment.payee, payment.currency] += payment.amount
    for payment in redemptions:
        spendable[payment.payer, payment.currency] -= payment.amount
    return Plan(
        banks=banks,
        deposits=deposits,
        mints=mints,
        transfers=_transfers(random.Random(document["seed"]), banks, spendable, document["transfers"]),
        redemptions=redemptions,
        clients_per_bank=document["clients_per_bank"],
        kill_after_transfers=document["kill_after_transfers"],
    )


def _for_each_bank(
    verb: Literal["mint", "redemption"], banks: tuple[Bank, ...], table: dict[str, Any]
) -> tuple[Payment, ...]:
    return tuple(
        Payment(f"{verb}-{bank.bic}-{code}-{number}", verb, bank.bic, bank.bic, amount, code)
        for number in range(table["count"])
        for bank in banks
        for code, amount in _amounts(table["amount"]).items()
    )


def _transfers(
    dice: random.Random, banks: tuple[Bank, ...], spendable: dict[tuple[str, str], Decimal], table: dict[str, Any]
) -> tuple[Payment, ...]:
    """Transfers that settle in any order: no bank sends more than it minted and will not redeem."""
    least, most = _amounts(table["least"]), _amounts(table["most"])
    transfers: list[Payment] = []
    while len(transfers) < table["count"]:
        code = dice.choice(sorted(most))
        payer, payee = dice.sample(banks, 2)
        steps = int((most[code] - least[code]) / least[code])
        amount = least[code] * dice.randint(1, steps + 1)
        if amount > spendable[payer.bic, code]:
            if all(spendable[bank.bic, name] < least[name] for bank in banks for name in most):
                raise KeyError("transfers: the banks mint too little for so many")
            amount = spendable[payer.bic, code]
        if amount < least[code]:
            continue
        spendable[payer.bic, code] -= amount
        transfers.append(Payment(f"transfer-{len(transfers)}", "transfer", payer.bic, payee.bic, amount, code))
    return tuple(transfers)


def _amounts(table: dict[str, str]) -> dict[str, Decimal]:
    return {code: Decimal(text) for code, text in table.items()}
