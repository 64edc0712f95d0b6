"""One seed from its first step to the calm at its end."""

import shutil
import tempfile
from pathlib import Path

from tests.simulation.simulator import Broken, Simulation
from tests.simulation.template import seeded_ids


def run(seed: int, steps: int = 40) -> list[str]:
    """The trace of one run. Raises Broken, with the seed and the last steps."""
    directory = Path(tempfile.mkdtemp(prefix=f"simulation-{seed}-"))
    with seeded_ids(seed):
        simulation = Simulation(seed, directory)
        try:
            for _ in range(steps):
                simulation.step()
            simulation.finish()
        except Broken as broken:
            last = "\n  ".join(simulation.trace[-15:])
            raise Broken(f"seed {seed}: {broken}\nthe last steps:\n  {last}") from broken
        finally:
            simulation.end()
            shutil.rmtree(directory, ignore_errors=True)
    return simulation.trace
