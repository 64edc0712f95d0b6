// a contract, and an account that is none
>> {"jsonrpc":"2.0","id":1,"method":"ots_getContractCreator","params":["0x5fbdb2315678afecb367f032d93f642f64180aa3"]}
<< {"jsonrpc":"2.0","id":1,"result":{"hash":"0xb5a6d72bfcd35f217c7441411590d26fc93a10ee099e30c31fd0bfe5c6a6ea60","creator":"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"}}
>> {"jsonrpc":"2.0","id":2,"method":"ots_getContractCreator","params":["0x9999999999999999999999999999999999999999"]}
<< {"jsonrpc":"2.0","id":2,"result":null}
