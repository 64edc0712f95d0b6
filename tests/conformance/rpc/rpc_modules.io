>> {"jsonrpc":"2.0","id":1,"method":"rpc_modules","params":[]}
<< {"jsonrpc":"2.0","id":1,"result":{"debug":"1.0","erigon":"1.0","eth":"1.0","ledger":"1.0","net":"1.0","ots":"1.0","perm":"1.0","rpc":"1.0","trace":"1.0","txpool":"1.0","web3":"1.0"}}
