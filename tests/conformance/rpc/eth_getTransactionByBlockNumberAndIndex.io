>> {"jsonrpc":"2.0","id":1,"method":"eth_getTransactionByBlockNumberAndIndex","params":["0x3","0x0"]}
<< {"jsonrpc":"2.0","id":1,"result":{"blockHash":"0x4e82496c7b6738679ce7b5114b3ca294807776a4ebb2af2f3ec7bb6ac23ee4c0","blockNumber":"0x3","transactionIndex":"0x0","blockTimestamp":"0x6955b900","hash":"0xef1500c88f3e4ed6c216fcb505253f04a8c58baf9ee0744ad7f6224621d0226a","type":"0x2","nonce":"0x2","from":"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266","to":"0x5fbdb2315678afecb367f032d93f642f64180aa3","value":"0x0","input":"0x79d6348d0000000000000000000000000000000000000000000000000000000000000020000000000000000000000000000000000000000000000000000000000000000e7468652066697273742070616765000000000000000000000000000000000000","gas":"0xf4240","gasPrice":"0x0","v":"0x1","r":"0xff247e7b06fe3097daea78b8372e576ebbb75873adbefa85217a381e1d5f8b89","s":"0x378a599728135c1f41ac24d94334c0c8101e0d0c5c8f708c2c820e4c2e128566","chainId":"0x7a69","yParity":"0x1","accessList":[],"maxFeePerGas":"0x0","maxPriorityFeePerGas":"0x0"}}
// an index beyond the block
>> {"jsonrpc":"2.0","id":1,"method":"eth_getTransactionByBlockNumberAndIndex","params":["0x3","0x1"]}
<< {"jsonrpc":"2.0","id":1,"result":null}
// a block that is not there
>> {"jsonrpc":"2.0","id":1,"method":"eth_getTransactionByBlockNumberAndIndex","params":["0x99","0x0"]}
<< {"jsonrpc":"2.0","id":1,"result":null}
