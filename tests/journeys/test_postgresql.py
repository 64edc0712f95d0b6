"""A node whose ledger is on a PostgreSQL server: founded, paid with, killed, started again, audited."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ledger_node.config import load_config
from ledger_node.demo.banks import Client, Parties
from ledger_node.demo.plan import Payment
from ledger_node.demo.process import NodeProcess
from ledger_node.errors import ConfigurationError
from ledger_node.operations.initialise import initialise
from tests.networks.postgresql import server

pytestmark = pytest.mark.slow


async def pay(node: NodeProcess, credentials: dict[str, Any], *payments: Payment) -> None:
    parties = Parties(Client(node.gateway_url, credentials["operator"]["api_key"]))
    for member in credentials["members"]:
        parties.banks[member["bic"]] = Client(node.gateway_url, member["api_key"])
        for account in member["accounts"]:
            parties.accounts[member["bic"], account["kind"], account["currency"]] = account["id"]
    for payment in payments:
        await parties.pay(payment)
    await parties.close()


def test_a_node_keeps_its_ledger_on_postgresql(tmp_path: Path) -> None:
    with server() as url:
        node = NodeProcess(tmp_path / "node")  # which finds the URL where `init` wrote it
        try:
            credentials = node.init("--sample", "--database-url", url)
            assert not (node.data / "ledger.sqlite").exists()
            node.start()
            bic = credentials["members"][0]["bic"]
            hundred = Decimal("100.00")
            deposit = Payment("d1", "deposit", bic, bic, hundred, "USD")
            mint = Payment("m1", "mint", bic, bic, hundred, "USD")
            asyncio.run(pay(node, credentials, deposit, mint))
            node.kill()
            node.start()
            asyncio.run(pay(node, credentials, Payment("r1", "redemption", bic, bic, Decimal("40.00"), "USD")))
            backed, findings = node.audit()
            assert backed, findings
            assert node.stop() == 0
            other = load_config({"data": tmp_path / "other", "database_url": url})
            for sample in (False, True):
                with pytest.raises(ConfigurationError, match="holds a ledger already"):
                    initialise(other, chain_id=4711, sample=sample)
            assert not other.data.exists()
        finally:
            node.end()
