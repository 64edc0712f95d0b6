// a block with a transaction, the genesis, and an unknown one
>> {"jsonrpc":"2.0","id":1,"method":"trace_block","params":["0x3"]}
<< {"jsonrpc":"2.0","id":1,"result":[{"action":{"from":"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266","gas":"0xeedb8","value":"0x0","callType":"call","input":"0x79d6348d0000000000000000000000000000000000000000000000000000000000000020000000000000000000000000000000000000000000000000000000000000000e7468652066697273742070616765000000000000000000000000000000000000","to":"0x5fbdb2315678afecb367f032d93f642f64180aa3"},"subtraces":0,"traceAddress":[],"type":"call","result":{"gasUsed":"0xb94e","output":"0x0000000000000000000000000000000000000000000000000000000000000001"},"blockHash":"0x4e82496c7b6738679ce7b5114b3ca294807776a4ebb2af2f3ec7bb6ac23ee4c0","blockNumber":3,"transactionHash":"0xef1500c88f3e4ed6c216fcb505253f04a8c58baf9ee0744ad7f6224621d0226a","transactionPosition":0}]}
>> {"jsonrpc":"2.0","id":2,"method":"trace_block","params":["0x0"]}
<< {"jsonrpc":"2.0","id":2,"result":[]}
>> {"jsonrpc":"2.0","id":3,"method":"trace_block","params":["0x99"]}
<< {"jsonrpc":"2.0","id":3,"result":[]}
