>> {"jsonrpc":"2.0","id":1,"method":"eth_getUncleCountByBlockHash","params":["0x5bb7a2ff449b94d1152a854da416e23a9cb9c6bc1a8c5c4948ffa980872a2edd"]}
<< {"jsonrpc":"2.0","id":1,"result":null}
// one that is not there
>> {"jsonrpc":"2.0","id":1,"method":"eth_getUncleCountByBlockHash","params":["0x9999999999999999999999999999999999999999999999999999999999999999"]}
<< {"jsonrpc":"2.0","id":1,"result":null}
