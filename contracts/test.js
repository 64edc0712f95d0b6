// Runs forge with the arguments given: `node test.js --match-contract Matrix`.
"use strict";
const { spawnSync } = require("node:child_process");
const path = require("node:path");

const forge = path.join(__dirname, "node_modules", ".bin", "forge");
const { status } = spawnSync(forge, ["test", ...process.argv.slice(2)], { cwd: __dirname, stdio: "inherit" });
process.exit(status ?? 1);
