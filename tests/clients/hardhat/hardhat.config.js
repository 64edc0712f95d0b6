// Hardhat 3 with Ignition, compiling with the npm solc that this repository uses anyway.
import ignition from "@nomicfoundation/hardhat-ignition";

const { RPC_URL, CHAIN_ID, DEPLOYER_KEY, TRANSACTOR_KEY, SOLC } = process.env;
const network = (key) => ({ type: "http", url: RPC_URL, chainId: Number(CHAIN_ID), accounts: [key] });

export default {
  plugins: [ignition],
  solidity: { compilers: [{ version: "0.8.37", path: SOLC, settings: { evmVersion: "prague" } }] },
  ignition: { blockPollingInterval: 50 },
  networks: { deployer: network(DEPLOYER_KEY), transactor: network(TRANSACTOR_KEY) },
};
