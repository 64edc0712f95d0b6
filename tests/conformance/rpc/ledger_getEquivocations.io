>> {"jsonrpc":"2.0","id":1,"method":"ledger_getEquivocations"}
<< {"jsonrpc":"2.0","id":1,"result":[]}
