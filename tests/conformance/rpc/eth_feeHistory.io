>> {"jsonrpc":"2.0","id":1,"method":"eth_feeHistory","params":["0x2","latest",[10,90]]}
<< {"jsonrpc":"2.0","id":1,"result":{"oldestBlock":"0x4","baseFeePerGas":["0x0","0x0","0x0"],"gasUsedRatio":[4.734e-05,5.06e-05],"baseFeePerBlobGas":["0x1","0x1","0x1"],"blobGasUsedRatio":[0.0,0.0],"reward":[["0x0","0x0"],["0x3","0x3"]]}}
// more blocks than there are
>> {"jsonrpc":"2.0","id":1,"method":"eth_feeHistory","params":["0x400","latest",[]]}
<< {"jsonrpc":"2.0","id":1,"result":{"oldestBlock":"0x0","baseFeePerGas":["0x0","0x0","0x0","0x0","0x0","0x0","0x0"],"gasUsedRatio":[0.0,0.000652204,4.2e-05,0.000138156,4.734e-05,5.06e-05],"baseFeePerBlobGas":["0x1","0x1","0x1","0x1","0x1","0x1","0x1"],"blobGasUsedRatio":[0.0,0.0,0.0,0.0,0.0,0.0]}}
// percentiles in descending order
>> {"jsonrpc":"2.0","id":1,"method":"eth_feeHistory","params":["0x1","latest",[90,10]]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"invalid argument 2 (reward_percentiles): invalid reward percentile: give them in ascending order"}}
// a block of the future
>> {"jsonrpc":"2.0","id":1,"method":"eth_feeHistory","params":["0x1","0x99",[]]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"request beyond head block: requested 153, head 5"}}
