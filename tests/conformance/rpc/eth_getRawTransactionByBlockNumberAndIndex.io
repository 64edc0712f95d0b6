>> {"jsonrpc":"2.0","id":1,"method":"eth_getRawTransactionByBlockNumberAndIndex","params":["0x2","0x0"]}
<< {"jsonrpc":"2.0","id":1,"result":"0xf8620180830f4240941111111111111111111111111111111111111111078082f4f5a03a6b820b309c9d070b5dee1cf00c8c0b4702d7c0fb8b4afae82ffbb0156fd962a00d6ba1942068508544d48d6df7918f4acb08ad8fe5b1334d1d7d6aa5a06f3131"}
// beyond the block
>> {"jsonrpc":"2.0","id":1,"method":"eth_getRawTransactionByBlockNumberAndIndex","params":["0x2","0x5"]}
<< {"jsonrpc":"2.0","id":1,"result":null}
