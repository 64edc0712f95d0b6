// a contract, the same before it was there, and an account
>> {"jsonrpc":"2.0","id":1,"method":"ots_hasCode","params":["0x5fbdb2315678afecb367f032d93f642f64180aa3","latest"]}
<< {"jsonrpc":"2.0","id":1,"result":true}
>> {"jsonrpc":"2.0","id":2,"method":"ots_hasCode","params":["0x5fbdb2315678afecb367f032d93f642f64180aa3","0x0"]}
<< {"jsonrpc":"2.0","id":2,"result":false}
>> {"jsonrpc":"2.0","id":3,"method":"ots_hasCode","params":["0x9999999999999999999999999999999999999999","latest"]}
<< {"jsonrpc":"2.0","id":3,"result":false}
