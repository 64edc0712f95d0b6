"""Runs in the environment of requirements/bench.lock: ERC-20 transfers a second through eth-tester on py-evm.

`python in_eth_tester.py PAYMENTS RUNS` prints the rates as a JSON list. It makes a block for every transfer.
"""

import json
import sys
import time
from pathlib import Path

from eth_tester import EthereumTester, PyEVMBackend  # type: ignore[import-not-found]
from eth_utils.crypto import keccak


def main(payments: int, runs: int) -> list[float]:
    genesis = PyEVMBackend.generate_genesis_params({"gas_limit": 10**11})
    tester = EthereumTester(PyEVMBackend(genesis_parameters=genesis))
    holders = tester.get_accounts()
    code = (Path(__file__).parent / "erc20" / "PlainToken.hex").read_text().strip()
    words = [64, 10**24, len(holders), *(int(holder, 16) for holder in holders)]
    data = "0x" + code + "".join(f"{word:064x}" for word in words)
    fees = {"max_fee_per_gas": 10**10, "max_priority_fee_per_gas": 0}
    hash_ = tester.send_transaction({"from": holders[0], "data": data, "gas": 10**7, "value": 0, **fees})
    token = tester.get_transaction_receipt(hash_)["contract_address"]
    selector = keccak(b"transfer(address,uint256)")[:4].hex()
    rates = []
    for _ in range(runs):
        asked = []
        for number in range(payments):
            payer, payee = holders[number % len(holders)], holders[(number + 1) % len(holders)]
            call = f"0x{selector}{int(payee, 16):064x}{1 + number % 99:064x}"
            asked.append({"from": payer, "to": token, "data": call, "gas": 60_000, "value": 0, **fees})
        started = time.perf_counter()
        sent = [tester.send_transaction(transaction) for transaction in asked]
        rates.append(payments / (time.perf_counter() - started))
        assert all(tester.get_transaction_receipt(hash_)["status"] == 1 for hash_ in sent)
    return rates


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))))
