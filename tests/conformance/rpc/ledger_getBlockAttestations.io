// nobody attested anything here
>> {"jsonrpc":"2.0","id":1,"method":"ledger_getBlockAttestations","params":["0x1"]}
<< {"jsonrpc":"2.0","id":1,"result":[]}
>> {"jsonrpc":"2.0","id":1,"method":"ledger_getBlockAttestations","params":["0x63"]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"header not found"}}
