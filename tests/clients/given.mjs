// What the test hands to a client, and how the client hands back what it saw. The contract's source is not compiled here:
// its artifact is committed beside it.
import { readFileSync } from "node:fs";

export const { RPC_URL, WS_URL, DEPLOYER_KEY, TRANSACTOR_KEY, STRANGER_KEY } = process.env;
export const CHAIN_ID = Number(process.env.CHAIN_ID);
export const { abi, bytecode } = JSON.parse(readFileSync(new URL("./contracts/Guestbook.json", import.meta.url)));

export function report(saw) {
  process.stdout.write(JSON.stringify(saw, (_, value) => (typeof value === "bigint" ? Number(value) : value)) + "\n");
  process.exit(0);
}

/** The error that a promise ends with; that it ends well is an error itself. */
export async function failure(promise) {
  let answer;
  try {
    answer = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`expected a refusal, got ${answer}`);
}
