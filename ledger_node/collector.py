"""Python's collector of reference cycles in a process that serves: it starts less often and leaves code alone."""

import gc

NEW_OBJECTS = 50_000
"""So many more objects made than freed start a collection. A batch of payments holds tens of thousands of them at once,
which no cycle keeps alive; at Python's 700 a fifth of the processor went into looking at them."""


def rest() -> None:
    """Call it before the first request: what is here is here to the end. A full collection that looks through all of it
    again stops every thread for a tenth of a second and more."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 20, 20)
