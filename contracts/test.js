// Runs forge with the arguments given: `node test.js --match-contract Matrix`.
"use strict";
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const forge = path.join(__dirname, "node_modules", ".bin", "forge");
if (!fs.existsSync(forge)) {
  process.stderr.write("forge is not here: npm has it for Linux on x64 only; install Foundry 1.7.1 and run `forge test`.\n");
  process.exit(2);
}
const { status } = spawnSync(forge, ["test", ...process.argv.slice(2)], { cwd: __dirname, stdio: "inherit" });
process.exit(status ?? 1);
