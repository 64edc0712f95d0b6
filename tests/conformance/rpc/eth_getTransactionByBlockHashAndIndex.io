>> {"jsonrpc":"2.0","id":1,"method":"eth_getTransactionByBlockHashAndIndex","params":["0x0d79dcadf800ff9a236f483ca6b9437a1e3a8e727a7f91d8b872e7c594c4db58","0x0"]}
<< {"jsonrpc":"2.0","id":1,"result":null}
// a block that is not there
>> {"jsonrpc":"2.0","id":1,"method":"eth_getTransactionByBlockHashAndIndex","params":["0x9999999999999999999999999999999999999999999999999999999999999999","0x0"]}
<< {"jsonrpc":"2.0","id":1,"result":null}
