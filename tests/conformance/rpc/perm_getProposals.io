// A network without a permissions contract has nothing to tell.
>> {"jsonrpc":"2.0","id":1,"method":"perm_getProposals","params":[]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"this network has no permissions contract: everybody may transact and deploy"}}
