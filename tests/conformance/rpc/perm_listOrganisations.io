// from number 1 on; `first` and `limit` make pages
>> {"jsonrpc":"2.0","id":1,"method":"perm_listOrganisations","params":[]}
<< {"jsonrpc":"2.0","id":1,"result":[{"id":1,"name":"Issuer","parent":null,"depth":1,"status":"approved"},{"id":2,"name":"Albion Bank","parent":null,"depth":1,"status":"proposed"}]}
>> {"jsonrpc":"2.0","id":2,"method":"perm_listOrganisations","params":[2,1]}
<< {"jsonrpc":"2.0","id":2,"result":[{"id":2,"name":"Albion Bank","parent":null,"depth":1,"status":"proposed"}]}
