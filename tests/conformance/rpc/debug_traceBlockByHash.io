>> {"jsonrpc":"2.0","id":1,"method":"debug_traceBlockByHash","params":["0xa4ba036ae7a4e7691da1b0a903081b46b84e1a0b3d2ae0ba50eb58d9cc9ac06a",{"tracer":"callTracer"}]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"header not found"}}
