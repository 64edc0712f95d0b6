// by address
>> {"jsonrpc":"2.0","id":1,"method":"eth_getLogs","params":[{"fromBlock":"0x0","toBlock":"latest","address":"0x5fbdb2315678afecb367f032d93f642f64180aa3"}]}
<< {"jsonrpc":"2.0","id":1,"result":[{"address":"0x5fbdb2315678afecb367f032d93f642f64180aa3","topics":["0x95812dd7b1ec8af26cc5f8e3cf0cc8f56ad6b6bad9817afadc48ec4d230a68f0","0x000000000000000000000000f39fd6e51aad88f6f4ce6ab8827279cfffb92266","0x0000000000000000000000000000000000000000000000000000000000000001"],"data":"0x0000000000000000000000000000000000000000000000000000000000000020000000000000000000000000000000000000000000000000000000000000000e7468652066697273742070616765000000000000000000000000000000000000","blockNumber":"0x3","transactionHash":"0xef1500c88f3e4ed6c216fcb505253f04a8c58baf9ee0744ad7f6224621d0226a","transactionIndex":"0x0","blockHash":"0x4e82496c7b6738679ce7b5114b3ca294807776a4ebb2af2f3ec7bb6ac23ee4c0","blockTimestamp":"0x6955b900","logIndex":"0x0","removed":false}]}
// by topic, any address
>> {"jsonrpc":"2.0","id":1,"method":"eth_getLogs","params":[{"fromBlock":"0x0","topics":[null,"0x000000000000000000000000f39fd6e51aad88f6f4ce6ab8827279cfffb92266"]}]}
<< {"jsonrpc":"2.0","id":1,"result":[{"address":"0x5fbdb2315678afecb367f032d93f642f64180aa3","topics":["0x95812dd7b1ec8af26cc5f8e3cf0cc8f56ad6b6bad9817afadc48ec4d230a68f0","0x000000000000000000000000f39fd6e51aad88f6f4ce6ab8827279cfffb92266","0x0000000000000000000000000000000000000000000000000000000000000001"],"data":"0x0000000000000000000000000000000000000000000000000000000000000020000000000000000000000000000000000000000000000000000000000000000e7468652066697273742070616765000000000000000000000000000000000000","blockNumber":"0x3","transactionHash":"0xef1500c88f3e4ed6c216fcb505253f04a8c58baf9ee0744ad7f6224621d0226a","transactionIndex":"0x0","blockHash":"0x4e82496c7b6738679ce7b5114b3ca294807776a4ebb2af2f3ec7bb6ac23ee4c0","blockTimestamp":"0x6955b900","logIndex":"0x0","removed":false}]}
// by block hash
>> {"jsonrpc":"2.0","id":1,"method":"eth_getLogs","params":[{"blockHash":"0x0d79dcadf800ff9a236f483ca6b9437a1e3a8e727a7f91d8b872e7c594c4db58"}]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"header not found"}}
// none
>> {"jsonrpc":"2.0","id":1,"method":"eth_getLogs","params":[{"fromBlock":"0x0","address":"0x9999999999999999999999999999999999999999"}]}
<< {"jsonrpc":"2.0","id":1,"result":[]}
// a reversed range
>> {"jsonrpc":"2.0","id":1,"method":"eth_getLogs","params":[{"fromBlock":"0x3","toBlock":"0x1"}]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"invalid block range params: fromBlock 3 is after toBlock 1; swap them"}}
// a range of the future
>> {"jsonrpc":"2.0","id":1,"method":"eth_getLogs","params":[{"fromBlock":"0x0","toBlock":"0x99"}]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"block range extends beyond current head block: toBlock 153, head 5"}}
// a hash and a range
>> {"jsonrpc":"2.0","id":1,"method":"eth_getLogs","params":[{"blockHash":"0x0d79dcadf800ff9a236f483ca6b9437a1e3a8e727a7f91d8b872e7c594c4db58","fromBlock":"0x0"}]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"invalid argument 0 (query): cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other"}}
// a block that is not there
>> {"jsonrpc":"2.0","id":1,"method":"eth_getLogs","params":[{"blockHash":"0x9999999999999999999999999999999999999999999999999999999999999999"}]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"header not found"}}
