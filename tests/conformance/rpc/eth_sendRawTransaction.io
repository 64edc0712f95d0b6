// a nonce that is used
>> {"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x02f864827a698080808252089470997970c51812dc3a010c7d01b50e0d17dc79c80180c001a0f9772efa3bc62a538cf14067200317b1226249d3e8469ee5063964890d10de9fa02a95ca8e2c29adeeca7635b7e5862cf39b8d559b0e7487f83991b3827941365b"]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"nonce too low: next nonce 5, tx nonce 0"}}
// sent twice: the same answer
>> {"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x02f864827a690580808252089470997970c51812dc3a010c7d01b50e0d17dc79c80180c080a03713f1586f48f1c80fbbf7f1eb4432abb2fd3dac34f9f1a3a2044dfb3ce56f78a00294e0bfaa6a1583c66e821c9effdb83b726fbef249218eb51f8d755735066dd"]}
<< {"jsonrpc":"2.0","id":1,"result":"0xe763b15c58fa62fd410513eeb2ac343abcae4f7c22d7e0d9f2c8a5e6bc34ee62"}
>> {"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x02f864827a690580808252089470997970c51812dc3a010c7d01b50e0d17dc79c80180c080a03713f1586f48f1c80fbbf7f1eb4432abb2fd3dac34f9f1a3a2044dfb3ce56f78a00294e0bfaa6a1583c66e821c9effdb83b726fbef249218eb51f8d755735066dd"]}
<< {"jsonrpc":"2.0","id":1,"result":"0xe763b15c58fa62fd410513eeb2ac343abcae4f7c22d7e0d9f2c8a5e6bc34ee62"}
// no transaction
>> {"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x"]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"the transaction cannot be decoded: the transaction is empty"}}
// no hex
>> {"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["raw"]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"invalid argument 0 (raw): hex string without 0x prefix: \"raw\"; write it as 0x and two digits per byte"}}
