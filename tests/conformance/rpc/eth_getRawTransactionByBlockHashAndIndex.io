>> {"jsonrpc":"2.0","id":1,"method":"eth_getRawTransactionByBlockHashAndIndex","params":["0xa4ba036ae7a4e7691da1b0a903081b46b84e1a0b3d2ae0ba50eb58d9cc9ac06a","0x0"]}
<< {"jsonrpc":"2.0","id":1,"result":null}
