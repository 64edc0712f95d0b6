// viem 2: deploy, call, write, read events, decode a custom error, be refused.
import { BaseError, ContractFunctionRevertedError, createPublicClient, createWalletClient, defineChain, encodeFunctionData, http, webSocket } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { abi, bytecode, CHAIN_ID, DEPLOYER_KEY, failure, report, RPC_URL, STRANGER_KEY, TRANSACTOR_KEY, WS_URL } from "./given.mjs";

const chain = defineChain({
  id: CHAIN_ID,
  name: "ledger",
  nativeCurrency: { name: "none", symbol: "NIL", decimals: 18 },
  rpcUrls: { default: { http: [RPC_URL], webSocket: [WS_URL] } },
});
const reader = createPublicClient({ chain, transport: http(), pollingInterval: 50 });
const live = createPublicClient({ chain, transport: webSocket() });
const wallet = (key) => createWalletClient({ account: privateKeyToAccount(key), chain, transport: http() });
const mined = (hash) => reader.waitForTransactionReceipt({ hash });

const deployed = await mined(await wallet(DEPLOYER_KEY).deployContract({ abi, bytecode, args: [8n] }));
const book = { abi, address: deployed.contractAddress };

const heard = [];
const unwatch = live.watchContractEvent({ ...book, eventName: "Signed", onLogs: (logs) => heard.push(...logs) });
const polled = [];
const unpoll = reader.watchContractEvent({ ...book, eventName: "Signed", onLogs: (logs) => polled.push(...logs) });
while ((await reader.getBlockNumber()) < deployed.blockNumber) await new Promise((done) => setTimeout(done, 20));
await new Promise((done) => setTimeout(done, 300)); // both are asked for without a way to see that they are there

await mined(await wallet(TRANSACTOR_KEY).writeContract({ ...book, functionName: "sign", args: ["hello"] }));
const events = await reader.getContractEvents({ ...book, eventName: "Signed", fromBlock: 0n });
for (let tries = 0; tries < 200 && !(heard.length && polled.length); tries++) await new Promise((done) => setTimeout(done, 20));
unwatch();
unpoll();

const sign = { ...book, functionName: "sign", args: ["far too long"], account: privateKeyToAccount(TRANSACTOR_KEY) };
const reverted = (await failure(reader.simulateContract(sign))).walk((error) => error instanceof ContractFunctionRevertedError);
const words = (error) => (error instanceof BaseError ? `${error.shortMessage} ${error.details}` : String(error));
const refusedDeploy = await failure(wallet(TRANSACTOR_KEY).deployContract({ abi, bytecode, args: [8n] }));
const refusedRaw = await failure(wallet(TRANSACTOR_KEY).deployContract({ abi, bytecode, args: [8n], gas: 1000000n }));
const refusedCall = await failure(wallet(STRANGER_KEY).writeContract({ ...book, functionName: "sign", args: ["me"], gas: 100000n }));
const { accessList } = await reader.createAccessList({ account: sign.account, to: book.address, data: encodeFunctionData({ ...book, functionName: "pages" }) });
const proof = await reader.getProof({ address: book.address, storageKeys: ["0x0000000000000000000000000000000000000000000000000000000000000000"] });

report({
  most: await reader.readContract({ ...book, functionName: "most" }),
  receipt: deployed.status,
  events: events.map(({ args }) => [args.guest, args.page, args.words]),
  heard: heard.map(({ args }) => args.words),
  polled: polled.map(({ args }) => args.words),
  error: [reverted.data.errorName, ...reverted.data.args],
  refusals: [words(refusedDeploy), words(refusedRaw), words(refusedCall)],
  codes: [refusedRaw.walk((error) => error.code !== undefined)?.code],
  pages: BigInt(proof.storageProof[0].value),
  accessList: accessList.map(({ storageKeys }) => storageKeys.length),
});
