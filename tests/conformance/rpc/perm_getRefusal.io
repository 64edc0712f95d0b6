// Nothing is known of a transaction that the pool never had.
>> {"jsonrpc":"2.0","id":1,"method":"perm_getRefusal","params":["0x9999999999999999999999999999999999999999999999999999999999999999"]}
<< {"jsonrpc":"2.0","id":1,"result":null}
