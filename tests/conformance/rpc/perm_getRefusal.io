// the pool did not let go of any such transaction
>> {"jsonrpc":"2.0","id":1,"method":"perm_getRefusal","params":["0x0000000000000000000000000000000000000000000000000000000000000000"]}
<< {"jsonrpc":"2.0","id":1,"result":null}
