// over HTTP there is no subscription
>> {"jsonrpc":"2.0","id":1,"method":"eth_unsubscribe","params":["0x1"]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"notifications not supported: connect over WebSocket (ws://) to subscribe"}}
