// a deployment, and a call that moves nothing
>> {"jsonrpc":"2.0","id":1,"method":"ots_getInternalOperations","params":["0xb5a6d72bfcd35f217c7441411590d26fc93a10ee099e30c31fd0bfe5c6a6ea60"]}
<< {"jsonrpc":"2.0","id":1,"result":[]}
>> {"jsonrpc":"2.0","id":2,"method":"ots_getInternalOperations","params":["0xef1500c88f3e4ed6c216fcb505253f04a8c58baf9ee0744ad7f6224621d0226a"]}
<< {"jsonrpc":"2.0","id":2,"result":[]}
