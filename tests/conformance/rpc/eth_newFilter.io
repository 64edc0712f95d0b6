>> {"jsonrpc":"2.0","id":1,"method":"eth_newFilter","params":[{"fromBlock":"0x0","address":["0x5fbdb2315678afecb367f032d93f642f64180aa3"]}]}
<< {"jsonrpc":"2.0","id":1,"result":"$filter"}
// a reversed range
>> {"jsonrpc":"2.0","id":1,"method":"eth_newFilter","params":[{"fromBlock":"0x3","toBlock":"0x1"}]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"invalid block range params: fromBlock 3 is after toBlock 1"}}
