// What each of Caliper's workers does in a round: sign the book, sign it with too many words, or read and count.
"use strict";
const { WorkloadModuleBase } = require("@hyperledger/caliper-core");

class Guests extends WorkloadModuleBase {
  async submitTransaction() {
    const { verb, args, readOnly } = this.roundArguments;
    await this.sutAdapter.sendRequests({ contract: "guestbook", verb, args, readOnly });
  }

  async cleanupWorkloadModule() {
    const { contract } = this.sutContext.contracts.guestbook;
    const events = await contract.getPastEvents("Signed", { fromBlock: 0 });
    process.stdout.write(`after ${this.roundArguments.verb}: ${events.length} events, ${await contract.methods.pages().call()} pages\n`);
  }
}

module.exports.createWorkloadModule = () => new Guests();
