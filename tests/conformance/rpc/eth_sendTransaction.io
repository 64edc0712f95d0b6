// refused
>> {"jsonrpc":"2.0","id":1,"method":"eth_sendTransaction","params":[{"from":"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266","to":"0x1111111111111111111111111111111111111111","value":"0x1"}]}
<< {"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"unknown account 0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266: this node signs for nobody else; sign with your own key and use eth_sendRawTransaction"}}
