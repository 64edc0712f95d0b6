"""`make simulate SEEDS=N FIRST=M`: runs seeds M to M+N-1 with a progress bar, up to the first that fails."""

import logging
import sys

from rich.progress import track

from tests.simulation.run import run
from tests.simulation.simulator import Broken

logging.disable(logging.CRITICAL)
seeds, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
for seed in track(range(first, first + seeds), description=f"{seeds} seeds"):
    try:
        run(seed)
    except Broken as broken:
        sys.exit(str(broken))
print(f"{seeds} seeds from {first}: nothing lost, nothing doubled.")
