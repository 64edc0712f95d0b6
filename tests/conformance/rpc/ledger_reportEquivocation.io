// what is no header
>> {"jsonrpc":"2.0","id":1,"method":"ledger_reportEquivocation","params":["0xc0"]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"The header cannot be decoded: a header of 0 fields is not known."}}
>> {"jsonrpc":"2.0","id":1,"method":"ledger_reportEquivocation"}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"missing value for required argument 0 (header)"}}
