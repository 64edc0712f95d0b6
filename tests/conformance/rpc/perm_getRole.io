>> {"jsonrpc":"2.0","id":1,"method":"perm_getRole","params":[3]}
<< {"jsonrpc":"2.0","id":1,"result":{"id":3,"name":"transactor","organisation":1,"right":"transact","active":true,"limits_targets":false,"max_value":null}}
>> {"jsonrpc":"2.0","id":2,"method":"perm_getRole","params":[99]}
<< {"jsonrpc":"2.0","id":2,"result":null}
