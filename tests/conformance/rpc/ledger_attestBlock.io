// this network has no attestors: whoever signed it is none of them
>> {"jsonrpc":"2.0","id":1,"method":"ledger_attestBlock","params":["0x1","0x0101010101010101010101010101010101010101010101010101010101010101","0x00"]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"The attestation's signature is not valid: a signature is 65 bytes: r, s, and 27 or 28."}}
>> {"jsonrpc":"2.0","id":1,"method":"ledger_attestBlock","params":["0x1","0x01","0x00"]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"invalid argument 1 (block_hash): a hash has 32 bytes (0x and 64 hex digits), not 1: \"0x01\""}}
