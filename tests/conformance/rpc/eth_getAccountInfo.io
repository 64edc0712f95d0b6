// somebody, and an address that nobody uses
>> {"jsonrpc":"2.0","id":1,"method":"eth_getAccountInfo","params":["0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266","latest"]}
<< {"jsonrpc":"2.0","id":1,"result":{"balance":"0x21e19e0c9bab23ed77d","nonce":"0x5","code":"0x"}}
>> {"jsonrpc":"2.0","id":2,"method":"eth_getAccountInfo","params":["0x9999999999999999999999999999999999999999","latest"]}
<< {"jsonrpc":"2.0","id":2,"result":{"balance":"0x0","nonce":"0x0","code":"0x"}}
>> {"jsonrpc":"2.0","id":3,"method":"eth_getAccountInfo","params":["0x12","latest"]}
<< {"jsonrpc":"2.0","id":3,"error":{"code":-32602,"message":"invalid argument 0 (address): an address has 20 bytes (0x and 40 hex digits), not 1: \"0x12\""}}
