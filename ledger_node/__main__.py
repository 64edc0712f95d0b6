"""`python -m ledger_node` is `ledger-node`."""

from ledger_node.cli import main

main()
