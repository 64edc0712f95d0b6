// the third of somebody, and one he has not sent
>> {"jsonrpc":"2.0","id":1,"method":"ots_getTransactionBySenderAndNonce","params":["0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",2]}
<< {"jsonrpc":"2.0","id":1,"result":"0xef1500c88f3e4ed6c216fcb505253f04a8c58baf9ee0744ad7f6224621d0226a"}
>> {"jsonrpc":"2.0","id":2,"method":"ots_getTransactionBySenderAndNonce","params":["0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",99]}
<< {"jsonrpc":"2.0","id":2,"result":null}
