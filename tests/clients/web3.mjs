// web3.js 4: deploy, call, write, read events, decode a custom error, be refused.
import { Web3 } from "web3";
import { abi, bytecode, DEPLOYER_KEY, failure, report, RPC_URL, STRANGER_KEY, TRANSACTOR_KEY, WS_URL } from "./given.mjs";

const web3 = new Web3(RPC_URL);
web3.eth.transactionPollingInterval = 50;
const live = new Web3(WS_URL);
const account = (key) => {
  const made = web3.eth.accounts.privateKeyToAccount(key);
  web3.eth.accounts.wallet.add(made);
  return made.address;
};
const [deployer, transactor, stranger] = [DEPLOYER_KEY, TRANSACTOR_KEY, STRANGER_KEY].map(account);
const creation = (from, options) => new web3.eth.Contract(abi).deploy({ data: bytecode, arguments: [8] }).send({ from, ...options });

const book = await creation(deployer);
const heard = [];
const subscription = new live.eth.Contract(abi, book.options.address).events.Signed();
subscription.on("data", ({ returnValues }) => heard.push(returnValues.words));
await new Promise((done) => subscription.on("connected", done));

const receipt = await book.methods.sign("hello").send({ from: transactor });
const events = await book.getPastEvents("Signed", { fromBlock: 0 });
for (let tries = 0; tries < 200 && !heard.length; tries++) await new Promise((done) => setTimeout(done, 20));

const reverted = await failure(book.methods.sign("far too long").call({ from: transactor }));
const custom = reverted.cause ?? reverted.innerError;
const refusedDeploy = await failure(creation(transactor));
const refusedRaw = await failure(creation(transactor, { gas: 1000000 }));
const refusedCall = await failure(book.methods.sign("me").send({ from: stranger, gas: 100000 }));
const all = (error) => (error ? `${error.message} ${all(error.cause ?? error.innerError)}` : "");

report({
  most: await book.methods.most().call(),
  receipt: receipt.status === 1n ? "success" : "reverted",
  events: events.map(({ returnValues }) => [returnValues.guest, returnValues.page, returnValues.words]),
  heard,
  error: [custom.errorName, custom.errorArgs.given, custom.errorArgs.most],
  refusals: [refusedDeploy, refusedRaw, refusedCall].map(all),
});
