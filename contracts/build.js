// Compiles the contracts to the artifacts committed in ledger_node, byte for byte the same on every machine: the compiler,
// its settings and every source are fixed, and no metadata hash is appended to the code.
//
//   node build.js            write the artifacts
//   node build.js --check    write nothing; exit 1 when a committed artifact is not what the sources compile to
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const solc = require("solc");

const ROOT = __dirname;
const ROOM = path.join(ROOT, "..", "ledger_node");
const CODE_LIMIT = 24_576; // EIP-170

const settings = (runs) => ({
  evmVersion: "prague",
  viaIR: true,
  optimizer: { enabled: true, runs },
  metadata: { bytecodeHash: "none", appendCBOR: false },
});

// Runs of the optimizer. At 2,000 a token's code leaves room under the limit, and a leg costs 0.3 % more gas than at 10,000; at
// 1,000 it would take 10 % more instructions. The code of Permissions is part of genesis blocks, so it stays what it was.
const CONTRACTS = [
  { source: "src/DepositToken.sol", name: "DepositToken", runs: 2000, to: "deposit_token/artifacts/DepositToken.json" },
  { source: "src/AtomicSettlement.sol", name: "AtomicSettlement", runs: 2000,
    to: "deposit_token/artifacts/AtomicSettlement.json" },
  { source: "src/Permissions.sol", name: "Permissions", runs: 10000, to: "permissions/artifacts/Permissions.json" },
];

function sourcePath(name) {
  return name.startsWith("@") ? path.join(ROOT, "node_modules", name) : path.join(ROOT, name);
}

// The standard-JSON input holds exactly the files the contract imports, in sorted order.
function gatherSources(entry) {
  const sources = {};
  const visit = (name) => {
    if (sources[name]) return;
    const content = fs.readFileSync(sourcePath(name), "utf8");
    sources[name] = { content };
    for (const [, imported] of content.matchAll(/^\s*import\s[^;]*?["']([^"']+)["']\s*;/gm)) {
      visit(imported.startsWith(".") ? path.posix.join(path.posix.dirname(name), imported) : imported);
    }
  };
  visit(entry);
  return Object.fromEntries(Object.entries(sources).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function compile({ source, name, runs }) {
  const input = {
    language: "Solidity",
    sources: gatherSources(source),
    settings: {
      ...settings(runs),
      outputSelection: {
        [source]: { [name]: ["abi", "evm.bytecode.object", "evm.deployedBytecode.object",
          "evm.deployedBytecode.immutableReferences", "storageLayout"] },
      },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const problems = (output.errors ?? []).filter((each) => !each.sourceLocation?.file.startsWith("@"));
  for (const problem of problems) process.stderr.write(problem.formattedMessage);
  if (problems.length) process.exit(1);

  const { abi, evm, storageLayout } = output.contracts[source][name];
  return {
    contract: name,
    compiler: solc.version(),
    abi,
    bytecode: `0x${evm.bytecode.object}`,
    deployedBytecode: `0x${evm.deployedBytecode.object}`,
    immutableReferences: evm.deployedBytecode.immutableReferences,
    storageSlots: Object.fromEntries(storageLayout.storage.map(({ label, slot }) => [label, Number(slot)])),
    standardJsonInput: input,
  };
}

let differs = false;
for (const contract of CONTRACTS) {
  const artifact = compile(contract);
  const text = `${JSON.stringify(artifact, null, 1)}\n`;
  const target = path.join(ROOM, contract.to);
  const size = artifact.deployedBytecode.length / 2 - 1;
  if (size > CODE_LIMIT) {
    process.stderr.write(`${contract.name} has ${size} bytes of code; the limit is ${CODE_LIMIT}.\n`);
    process.exit(1);
  }
  if (process.argv.includes("--check")) {
    const committed = fs.existsSync(target) ? fs.readFileSync(target, "utf8") : "";
    const same = committed === text;
    differs ||= !same;
    console.log(`${contract.name}: ${same ? "as committed" : "DIFFERS from the committed artifact"} (${size} bytes)`);
  } else {
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, text);
    console.log(`${contract.name}: ${size} bytes -> ${path.relative(process.cwd(), target)}`);
  }
}
process.exit(differs ? 1 : 0);
