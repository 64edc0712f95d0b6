// a contract, and an address that nobody uses
>> {"jsonrpc":"2.0","id":1,"method":"eth_getAccount","params":["0x5fbdb2315678afecb367f032d93f642f64180aa3","latest"]}
<< {"jsonrpc":"2.0","id":1,"result":{"nonce":"0x1","balance":"0x0","storageRoot":"0x4eb20b8ccb0d965b5708137b2c9aef10f9c23186ac125b02e80cc549d9cc1795","codeHash":"0x476f73319a9c2d9703e66ec6733723e61a8d37f267e0a23b3909ef3dacf778c9"}}
>> {"jsonrpc":"2.0","id":2,"method":"eth_getAccount","params":["0x9999999999999999999999999999999999999999","latest"]}
<< {"jsonrpc":"2.0","id":2,"result":{"nonce":"0x0","balance":"0x0","storageRoot":"0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421","codeHash":"0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"}}
>> {"jsonrpc":"2.0","id":3,"method":"eth_getAccount","params":["0x12","latest"]}
<< {"jsonrpc":"2.0","id":3,"error":{"code":-32602,"message":"invalid argument 0 (address): an address has 20 bytes (0x and 40 hex digits), not 1: \"0x12\""}}
