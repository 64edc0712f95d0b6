"""Write the answers of all transcripts anew: `python -m tests.conformance.rpc.record`."""

import json
import sys
import tempfile
from pathlib import Path

from tests.conformance.rpc.transcripts import FILES, Exchange, learn, network_of, play
from tests.rpc.server import Client


def record(rpc: Client, file: Path) -> None:
    words: dict[str, str] = {}
    lines: list[str] = []
    kept = file.read_text(encoding="utf-8").splitlines()
    for place, line in enumerate(kept):
        if line.startswith("<< "):
            continue
        lines.append(line)
        if not line.startswith(">> "):
            continue
        answer = play(rpc, Exchange(line[3:], None), words)
        before = kept[place + 1][3:] if place + 1 < len(kept) and kept[place + 1].startswith("<< ") else ""
        if "$" in before:
            expected = json.loads(before)
            learn(expected, answer, words)
            lines.append("<< " + json.dumps(expected, separators=(",", ":")))
        elif answer is not None:
            lines.append("<< " + json.dumps(answer, separators=(",", ":")))
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    wanted = [Path(name) for name in sys.argv[1:]] or FILES
    for file in wanted:
        with tempfile.TemporaryDirectory() as directory, network_of(file)(Path(directory) / "chain") as rpc:
            record(rpc, file)
