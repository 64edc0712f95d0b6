"""`python -m bench.longest`: how long one transaction at the gas cap can hold the chain, by what it spends its gas on.

Each program loops until its gas is gone, as code and as init code; the time is that of executing its block.
"""

import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ledger_node.chain.genesis import NetworkRules, build_genesis
from ledger_node.chain.pyevm.engine import ChainSettings, open_chain
from ledger_node.keys import LocalSigner
from tests.chain.conftest import CHAIN_ID, START, Person, created_by
from tests.chain.programs import assemble, deploying

SEALER = LocalSigner(b"\x07" * 32)
PROGRAMS = {
    "jump": "s: @s JUMP",
    "add": "s: PUSH1 01 PUSH1 02 ADD POP @s JUMP",
    "mulmod": "PUSH0 NOT s: PUSH0 NOT DUP2 DUP1 MULMOD POP @s JUMP",
    "exp": "s: PUSH0 NOT PUSH1 03 EXP POP @s JUMP",
    "memory": "s: PUSH1 01 PUSH1 40 MSTORE @s JUMP",
    "keccak256 of 32 bytes": "s: PUSH1 20 PUSH0 SHA3 POP @s JUMP",
    "calldatacopy": "s: PUSH1 20 PUSH0 PUSH0 CALLDATACOPY @s JUMP",
    "tload and tstore": "s: PUSH1 01 PUSH0 TSTORE PUSH0 TLOAD POP @s JUMP",
    "warm sload": "s: PUSH0 SLOAD POP @s JUMP",
    "cold sload": "PUSH0 s: PUSH1 01 ADD DUP1 SLOAD POP @s JUMP",
    "sstore of new slots": "PUSH0 s: PUSH1 01 ADD DUP1 DUP1 SSTORE @s JUMP",
    "balance of cold accounts": "PUSH0 s: PUSH1 01 ADD DUP1 BALANCE POP @s JUMP",
    "log": "s: PUSH0 PUSH0 LOG0 @s JUMP",
    "call of nothing": "s: PUSH0 PUSH0 PUSH0 PUSH0 PUSH0 PUSH1 99 GAS CALL POP @s JUMP",
    "create of nothing": "s: PUSH0 PUSH0 PUSH0 CREATE POP @s JUMP",
    "ecrecover": "s: PUSH0 PUSH0 PUSH1 80 PUSH0 PUSH1 01 PUSH2 ffff STATICCALL POP @s JUMP",
    "ecrecover of a signature": "PUSH1 1b PUSH1 20 MSTORE PUSH1 09 PUSH1 40 MSTORE PUSH1 09 PUSH1 60 MSTORE "
    "s: PUSH0 PUSH0 PUSH1 80 PUSH0 PUSH1 01 PUSH2 ffff STATICCALL POP @s JUMP",
    "bn128 addition": "s: PUSH0 PUSH0 PUSH1 80 PUSH0 PUSH1 06 PUSH2 ffff STATICCALL POP @s JUMP",
    "sha256": "s: PUSH0 PUSH0 PUSH1 80 PUSH0 PUSH1 02 PUSH2 ffff STATICCALL POP @s JUMP",
}


def main() -> None:
    cap = NetworkRules().transaction_gas_max
    table = Table(title=f"one transaction of {cap:,} gas")
    for heading in ("spends its gas on", "as code, s", "as init code, s"):
        table.add_column(heading, justify="left" if heading.startswith("spends") else "right")
    for name, text in PROGRAMS.items():
        table.add_row(name, *(f"{took(assemble(text), cap, creating=creating):.1f}" for creating in (False, True)))
    Console(width=100).print(table)


def took(code: bytes, gas: int, *, creating: bool) -> float:
    sender = Person("spender")
    with tempfile.TemporaryDirectory() as directory:
        genesis = build_genesis(chain_id=CHAIN_ID, sealer=SEALER.address, timestamp=START)
        chain = open_chain(Path(directory), genesis, sealer=SEALER, settings=ChainSettings(produce=False))
        try:
            if creating:
                chain.send_raw_transaction(sender.sign(to=None, data=code, gas=gas))
            else:
                chain.send_raw_transaction(sender.sign(to=None, data=deploying(code), gas=1_000_000))
                chain.make_block()
                chain.send_raw_transaction(sender.sign(to=created_by(sender, 0), gas=gas))
            began = time.process_time()
            header = chain.make_block()
            assert header is not None
            assert header.gas_used > gas // 2
            return time.process_time() - began
        finally:
            chain.close()


if __name__ == "__main__":
    main()
