#!/bin/sh
# Runs a `ledger-node` command in a container. `run` on an empty volume makes the network first: set INIT_CHAIN_ID for
# its chain id and INIT_SAMPLE=1 for three sample banks; both are read on the first start only. A volume that holds a
# chain and no ledger (`ledger-node chain split`) is left as it is.
set -eu

if [ "${1:-run}" = run ] && [ ! -f "${LEDGER_DATA:?}/config.toml" ] && [ ! -f "$LEDGER_DATA/chain/chain.sqlite" ]; then
  ledger-node init --data "$LEDGER_DATA" ${INIT_CHAIN_ID:+--chain-id "$INIT_CHAIN_ID"} ${INIT_SAMPLE:+--sample}
fi

exec ledger-node "${@:-run}"
