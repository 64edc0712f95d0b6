>> {"jsonrpc":"2.0","id":1,"method":"debug_traceBlockByNumber","params":["0x3",{"tracer":"callTracer"}]}
<< {"jsonrpc":"2.0","id":1,"result":[{"txHash":"0xef1500c88f3e4ed6c216fcb505253f04a8c58baf9ee0744ad7f6224621d0226a","result":{"from":"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266","gas":"0xf4240","gasUsed":"0x10dd6","input":"0x79d6348d0000000000000000000000000000000000000000000000000000000000000020000000000000000000000000000000000000000000000000000000000000000e7468652066697273742070616765000000000000000000000000000000000000","type":"CALL","to":"0x5fbdb2315678afecb367f032d93f642f64180aa3","value":"0x0","output":"0x0000000000000000000000000000000000000000000000000000000000000001"}}]}
// genesis
>> {"jsonrpc":"2.0","id":1,"method":"debug_traceBlockByNumber","params":["0x0"]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"genesis is not traceable: it has no transactions"}}
