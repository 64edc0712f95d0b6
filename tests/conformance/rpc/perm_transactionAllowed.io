// A network without a permissions contract has nothing to tell.
>> {"jsonrpc":"2.0","id":1,"method":"perm_transactionAllowed","params":[{"from":"0x7070707070707070707070707070707070707070"}]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"this network has no permissions contract: everybody may transact and deploy"}}
