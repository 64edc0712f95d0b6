// the guest book before the second page, a part of it, an account without storage, no such block or transaction
>> {"jsonrpc":"2.0","id":1,"method":"debug_storageRangeAt","params":["0x4",0,"0x5fbdb2315678afecb367f032d93f642f64180aa3","0x",100]}
<< {"jsonrpc":"2.0","id":1,"result":{"storage":{"0x290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e563":{"key":null,"value":"0x0000000000000000000000000000000000000000000000000000000000000001"},"0x8b2a4240244fa16f1700a049d06193952b863cf8f9f7995b98c5087db703ca9f":{"key":null,"value":"0x0000000000000000000000000000000000000000000000000000000000000001"}},"nextKey":null}}
>> {"jsonrpc":"2.0","id":2,"method":"debug_storageRangeAt","params":["0x4",0,"0x5fbdb2315678afecb367f032d93f642f64180aa3","0x",1]}
<< {"jsonrpc":"2.0","id":2,"result":{"storage":{"0x290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e563":{"key":null,"value":"0x0000000000000000000000000000000000000000000000000000000000000001"}},"nextKey":"0x8b2a4240244fa16f1700a049d06193952b863cf8f9f7995b98c5087db703ca9f"}}
>> {"jsonrpc":"2.0","id":3,"method":"debug_storageRangeAt","params":["0x4",0,"0x9999999999999999999999999999999999999999","0x",100]}
<< {"jsonrpc":"2.0","id":3,"result":{"storage":null,"nextKey":null}}
>> {"jsonrpc":"2.0","id":4,"method":"debug_storageRangeAt","params":["0x9999999999999999999999999999999999999999999999999999999999999999",0,"0x5fbdb2315678afecb367f032d93f642f64180aa3","0x",100]}
<< {"jsonrpc":"2.0","id":4,"error":{"code":-32000,"message":"header not found"}}
>> {"jsonrpc":"2.0","id":5,"method":"debug_storageRangeAt","params":["0x4",1,"0x5fbdb2315678afecb367f032d93f642f64180aa3","0x",100]}
<< {"jsonrpc":"2.0","id":5,"error":{"code":-32000,"message":"transaction index 1 out of range for block 0xb312af92288f58c1c53bedda9ecdcc3ee0cd981f4aa513450607f7200c2b7e9e"}}
>> {"jsonrpc":"2.0","id":6,"method":"debug_storageRangeAt","params":["0x4","0x0","0x5fbdb2315678afecb367f032d93f642f64180aa3","0x",100]}
<< {"jsonrpc":"2.0","id":6,"error":{"code":-32602,"message":"invalid argument 1 (index): expected an integer such as 10, got \"0x0\""}}
