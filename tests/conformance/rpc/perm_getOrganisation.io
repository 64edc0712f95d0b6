// an organisation with its roles; null for one that does not exist
>> {"jsonrpc":"2.0","id":1,"method":"perm_getOrganisation","params":[1]}
<< {"jsonrpc":"2.0","id":1,"result":{"id":1,"name":"Issuer","parent":null,"depth":1,"status":"approved","roles":[{"id":1,"name":"administrator","organisation":1,"right":"full","active":true,"limits_targets":false,"max_value":null},{"id":2,"name":"deployer","organisation":1,"right":"deploy","active":true,"limits_targets":false,"max_value":null},{"id":3,"name":"transactor","organisation":1,"right":"transact","active":true,"limits_targets":false,"max_value":null}]}}
>> {"jsonrpc":"2.0","id":2,"method":"perm_getOrganisation","params":[2]}
<< {"jsonrpc":"2.0","id":2,"result":{"id":2,"name":"Albion Bank","parent":null,"depth":1,"status":"proposed","roles":[{"id":4,"name":"administrator","organisation":2,"right":"full","active":true,"limits_targets":false,"max_value":null}]}}
>> {"jsonrpc":"2.0","id":3,"method":"perm_getOrganisation","params":[9]}
<< {"jsonrpc":"2.0","id":3,"result":null}
