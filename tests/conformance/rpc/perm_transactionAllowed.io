// a call, and a deployment, by a key that may only transact
>> {"jsonrpc":"2.0","id":1,"method":"perm_transactionAllowed","params":[{"from":"0x70997970c51812dc3a010c7d01b50e0d17dc79c8","to":"0x1111111111111111111111111111111111111111"}]}
<< {"jsonrpc":"2.0","id":1,"result":{"allowed":true,"reason":null}}
>> {"jsonrpc":"2.0","id":2,"method":"perm_transactionAllowed","params":[{"from":"0x70997970c51812dc3a010c7d01b50e0d17dc79c8","data":"0x00"}]}
<< {"jsonrpc":"2.0","id":2,"result":{"allowed":false,"reason":"account 0x70997970c51812dc3a010c7d01b50e0d17dc79c8 has no right to deploy contracts"}}
>> {"jsonrpc":"2.0","id":3,"method":"perm_transactionAllowed","params":[{"from":"0x9999999999999999999999999999999999999999","to":"0x1111111111111111111111111111111111111111"}]}
<< {"jsonrpc":"2.0","id":3,"result":{"allowed":false,"reason":"account 0x9999999999999999999999999999999999999999 is not an account of this network"}}
