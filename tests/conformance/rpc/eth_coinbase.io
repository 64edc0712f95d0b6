// the sealer
>> {"jsonrpc":"2.0","id":1,"method":"eth_coinbase","params":[]}
<< {"jsonrpc":"2.0","id":1,"result":"0x4a62316623ad457f02cdc5d997ded67a383ec569"}
