// of no bytes
>> {"jsonrpc":"2.0","id":1,"method":"web3_sha3","params":["0x"]}
<< {"jsonrpc":"2.0","id":1,"result":"0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"}
>> {"jsonrpc":"2.0","id":1,"method":"web3_sha3","params":["0x68656c6c6f"]}
<< {"jsonrpc":"2.0","id":1,"result":"0x1c8aff950685c2ed4bc3174f3472287b56d9517b9c948127319a09a7a36deac8"}
// hex without its prefix is refused
>> {"jsonrpc":"2.0","id":1,"method":"web3_sha3","params":["68656c6c6f"]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"invalid argument 0 (data): hex string without 0x prefix: \"68656c6c6f\"; write it as 0x and two digits per byte"}}
// odd hex is refused
>> {"jsonrpc":"2.0","id":1,"method":"web3_sha3","params":["0x686"]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"invalid argument 0 (data): hex string of odd length: \"0x686\"; write two digits per byte"}}
