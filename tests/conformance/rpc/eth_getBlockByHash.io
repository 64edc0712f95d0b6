>> {"jsonrpc":"2.0","id":1,"method":"eth_getBlockByHash","params":["0x0d79dcadf800ff9a236f483ca6b9437a1e3a8e727a7f91d8b872e7c594c4db58",false]}
<< {"jsonrpc":"2.0","id":1,"result":null}
// whole transactions
>> {"jsonrpc":"2.0","id":1,"method":"eth_getBlockByHash","params":["0x9e257dbc8a3cf77ceb8828019622227e12c8bbb275641320495db2eab33ad187",true]}
<< {"jsonrpc":"2.0","id":1,"result":null}
// one that is not there
>> {"jsonrpc":"2.0","id":1,"method":"eth_getBlockByHash","params":["0x9999999999999999999999999999999999999999999999999999999999999999",false]}
<< {"jsonrpc":"2.0","id":1,"result":null}
// a short hash is refused
>> {"jsonrpc":"2.0","id":1,"method":"eth_getBlockByHash","params":["0x12",false]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"invalid argument 0 (block_hash): a hash has 32 bytes (0x and 64 hex digits), not 1: \"0x12\""}}
