// a payment, and what is not given
>> {"jsonrpc":"2.0","id":1,"method":"trace_call","params":[{"from":"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266","to":"0x1111111111111111111111111111111111111111","value":"0x1"},["trace"],"latest"]}
<< {"jsonrpc":"2.0","id":1,"result":{"output":"0x","stateDiff":null,"trace":[{"action":{"from":"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266","gas":"0x2fa9e78","value":"0x1","callType":"call","input":"0x","to":"0x1111111111111111111111111111111111111111"},"subtraces":0,"traceAddress":[],"type":"call","result":{"gasUsed":"0x0","output":"0x"}}],"vmTrace":null}}
>> {"jsonrpc":"2.0","id":2,"method":"trace_call","params":[{"from":"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266","to":"0x1111111111111111111111111111111111111111","value":"0x1"},["vmTrace"],"latest"]}
<< {"jsonrpc":"2.0","id":2,"error":{"code":-32602,"message":"invalid argument 1 (kinds): \"vmTrace\" is not made here: ask for \"trace\", and for changes use prestateTracer"}}
