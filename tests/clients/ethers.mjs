// ethers 6, which batches whatever it asks: deploy, call, write, read events, decode a custom error, be refused.
import { Contract, ContractFactory, JsonRpcProvider, Wallet, WebSocketProvider } from "ethers";
import { abi, bytecode, DEPLOYER_KEY, failure, report, RPC_URL, STRANGER_KEY, TRANSACTOR_KEY, WS_URL } from "./given.mjs";

const http = new JsonRpcProvider(RPC_URL, undefined, { polling: true, pollingInterval: 50 });
const live = new WebSocketProvider(WS_URL);
const wallet = (key) => new Wallet(key, http);

const deployed = await new ContractFactory(abi, bytecode, wallet(DEPLOYER_KEY)).deploy(8);
await deployed.waitForDeployment();
const address = await deployed.getAddress();
const book = deployed.connect(wallet(TRANSACTOR_KEY));

const heard = [];
const watched = new Contract(address, abi, live);
await watched.on("Signed", (guest, page, words) => heard.push(words));
const polled = [];
await book.on("Signed", (guest, page, words) => polled.push(words));

const receipt = await (await book.sign("hello")).wait();
for (let tries = 0; tries < 200 && !(heard.length && polled.length); tries++) await new Promise((done) => setTimeout(done, 20));
const events = await book.queryFilter(book.filters.Signed());

const reverted = await failure(book.sign.staticCall("far too long"));
const estimated = await failure(book.sign("far too long")); // ethers estimates before it sends
const sent = book.interface.parseError(estimated.data);
const refusedDeploy = await failure(new ContractFactory(abi, bytecode, wallet(TRANSACTOR_KEY)).deploy(8));
const refusedRaw = await failure(new ContractFactory(abi, bytecode, wallet(TRANSACTOR_KEY)).deploy(8, { gasLimit: 1000000 }));
const refusedCall = await failure(book.connect(wallet(STRANGER_KEY)).sign("me", { gasLimit: 100000 }));
const spent = await failure(wallet(TRANSACTOR_KEY).sendTransaction({ to: address, nonce: 0, gasLimit: 100000 }));

report({
  most: await book.most(),
  receipt: receipt.status === 1 ? "success" : "reverted",
  events: events.map(({ args }) => [...args]),
  heard,
  polled,
  error: [reverted.revert.name, ...reverted.revert.args],
  sentError: [sent.name, ...sent.args],
  refusals: [refusedDeploy, refusedRaw, refusedCall].map((error) => `${error.message} ${error.info?.error?.message}`),
  codes: [refusedRaw.error?.code],
  spent: spent.code,
});
