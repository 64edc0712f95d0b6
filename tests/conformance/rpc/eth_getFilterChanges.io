// a filter
>> {"jsonrpc":"2.0","id":1,"method":"eth_newBlockFilter","params":[]}
<< {"jsonrpc":"2.0","id":1,"result":"$filter"}
// nothing since
>> {"jsonrpc":"2.0","id":1,"method":"eth_getFilterChanges","params":["$filter"]}
<< {"jsonrpc":"2.0","id":1,"result":[]}
// one that is not there
>> {"jsonrpc":"2.0","id":1,"method":"eth_getFilterChanges","params":["0x1"]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"filter not found: 0x1 was removed or not asked for in time; make a new one"}}
