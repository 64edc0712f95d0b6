"""The contract that clients deploy in these tests: its source, the artifact committed beside it, and how that is made.

`python -m tests.clients.guestbook` compiles it again with npm's solc, as `contracts/` does.
"""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SOURCE = HERE / "contracts" / "Guestbook.sol"
ARTIFACT = HERE / "contracts" / "Guestbook.json"
SOLC = HERE.parent.parent / "contracts" / "bin" / "solc"

SETTINGS = {
    "evmVersion": "prague",
    "optimizer": {"enabled": True, "runs": 200},
    "metadata": {"bytecodeHash": "none", "appendCBOR": False},
    "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object"]}},
}


def compiled(source: Path = SOURCE) -> dict[str, Any]:
    document = {
        "language": "Solidity",
        "sources": {source.name: {"content": source.read_text(encoding="utf-8")}},
        "settings": SETTINGS,
    }
    command = [str(SOLC), "--standard-json"]
    done = subprocess.run(command, input=json.dumps(document), capture_output=True, text=True, check=True)
    output = json.loads(done.stdout)
    assert not output.get("errors"), output["errors"]
    contract = output["contracts"][source.name][source.stem]
    return {
        "contractName": source.stem,
        "abi": contract["abi"],
        "bytecode": "0x" + contract["evm"]["bytecode"]["object"],
    }


@cache
def artifact() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(ARTIFACT.read_text(encoding="utf-8"))
    return read


if __name__ == "__main__":
    ARTIFACT.write_text(json.dumps(compiled(), indent=1) + "\n", encoding="utf-8")
