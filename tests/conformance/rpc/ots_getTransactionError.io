// why a page was refused, and nothing for one that was written
>> {"jsonrpc":"2.0","id":1,"method":"ots_getTransactionError","params":["0x64488a26fe188acaf2a7d0cdfecfe0b3d1f3955d15301873770f3f3ff3fc6912"]}
<< {"jsonrpc":"2.0","id":1,"result":"0xad8e4f3c00000000000000000000000000000000000000000000000000000000000000270000000000000000000000000000000000000000000000000000000000000020"}
>> {"jsonrpc":"2.0","id":2,"method":"ots_getTransactionError","params":["0xef1500c88f3e4ed6c216fcb505253f04a8c58baf9ee0744ad7f6224621d0226a"]}
<< {"jsonrpc":"2.0","id":2,"result":"0x"}
