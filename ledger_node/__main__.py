"""`python -m ledger_node` is `ledger-node`."""

from ledger_node.cli.main import main

main()
