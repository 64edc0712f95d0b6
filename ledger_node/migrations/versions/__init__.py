"""One file per schema version; see the package above."""
