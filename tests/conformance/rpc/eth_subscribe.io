// over HTTP nobody can be told
>> {"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"notifications not supported: connect over WebSocket (ws://) to subscribe"}}
