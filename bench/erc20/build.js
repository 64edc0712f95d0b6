// Compiles PlainToken.sol with the compiler and library of contracts/:  node bench/erc20/build.js
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { createRequire } = require("node:module");

const contracts = path.join(__dirname, "..", "..", "contracts");
const solc = createRequire(path.join(contracts, "package.json"))("solc");
const input = {
  language: "Solidity",
  sources: { "PlainToken.sol": { content: fs.readFileSync(path.join(__dirname, "PlainToken.sol"), "utf8") } },
  settings: {
    evmVersion: "prague", optimizer: { enabled: true, runs: 10000 }, metadata: { bytecodeHash: "none", appendCBOR: false },
    outputSelection: { "*": { PlainToken: ["evm.bytecode.object"] } },
  },
};
const read = (name) => ({ contents: fs.readFileSync(path.join(contracts, "node_modules", name), "utf8") });
const output = JSON.parse(solc.compile(JSON.stringify(input), { import: read }));
if (output.errors?.length) throw new Error(output.errors[0].formattedMessage);
fs.writeFileSync(path.join(__dirname, "PlainToken.hex"), output.contracts["PlainToken.sol"].PlainToken.evm.bytecode.object + "\n");
