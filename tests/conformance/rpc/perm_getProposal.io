// decided: there was one administrator, whose own vote was enough
>> {"jsonrpc":"2.0","id":1,"method":"perm_getProposal","params":[1]}
<< {"jsonrpc":"2.0","id":1,"result":{"id":1,"proposer":"0x99c851eaa3c3976914d63b822c67e201ec0bfbb8","closes_at":1769817600,"state":"decided","votes":{"0x99c851eaa3c3976914d63b822c67e201ec0bfbb8":"yes"},"votes_needed":2,"call":{"function":"addNetworkAdministrator","arguments":{"administrator":"0x70997970c51812dc3a010c7d01b50e0d17dc79c8"}},"data":"0xcea1ace800000000000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c8"}}
// open: of two administrators both must agree
>> {"jsonrpc":"2.0","id":2,"method":"perm_getProposal","params":[2]}
<< {"jsonrpc":"2.0","id":2,"result":{"id":2,"proposer":"0x99c851eaa3c3976914d63b822c67e201ec0bfbb8","closes_at":1769817600,"state":"open","votes":{"0x99c851eaa3c3976914d63b822c67e201ec0bfbb8":"yes"},"votes_needed":2,"call":{"function":"approveOrganisation","arguments":{"id":2,"administrator":"0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc"}},"data":"0x43a0ad1e00000000000000000000000000000000000000000000000000000000000000020000000000000000000000003c44cdddb6a900fa2b585dd299e03d12fa4293bc"}}
>> {"jsonrpc":"2.0","id":3,"method":"perm_getProposal","params":[3]}
<< {"jsonrpc":"2.0","id":3,"result":null}
