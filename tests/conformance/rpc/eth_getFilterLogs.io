// a filter
>> {"jsonrpc":"2.0","id":1,"method":"eth_newFilter","params":[{"fromBlock":"0x0"}]}
<< {"jsonrpc":"2.0","id":1,"result":"$filter"}
>> {"jsonrpc":"2.0","id":1,"method":"eth_getFilterLogs","params":["$filter"]}
<< {"jsonrpc":"2.0","id":1,"result":[{"address":"0x5fbdb2315678afecb367f032d93f642f64180aa3","topics":["0x95812dd7b1ec8af26cc5f8e3cf0cc8f56ad6b6bad9817afadc48ec4d230a68f0","0x000000000000000000000000f39fd6e51aad88f6f4ce6ab8827279cfffb92266","0x0000000000000000000000000000000000000000000000000000000000000001"],"data":"0x0000000000000000000000000000000000000000000000000000000000000020000000000000000000000000000000000000000000000000000000000000000e7468652066697273742070616765000000000000000000000000000000000000","blockNumber":"0x3","transactionHash":"0xef1500c88f3e4ed6c216fcb505253f04a8c58baf9ee0744ad7f6224621d0226a","transactionIndex":"0x0","blockHash":"0x4e82496c7b6738679ce7b5114b3ca294807776a4ebb2af2f3ec7bb6ac23ee4c0","blockTimestamp":"0x6955b900","logIndex":"0x0","removed":false}]}
// one that is not there
>> {"jsonrpc":"2.0","id":1,"method":"eth_getFilterLogs","params":["0x1"]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"filter not found: 0x1 was removed or not asked for in time; make a new one"}}
