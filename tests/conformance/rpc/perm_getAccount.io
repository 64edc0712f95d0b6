// a developer who may deploy
>> {"jsonrpc":"2.0","id":1,"method":"perm_getAccount","params":["0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"]}
<< {"jsonrpc":"2.0","id":1,"result":{"address":"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266","organisation":1,"role":2,"status":"active","right":"deploy","network_administrator":false,"may_transact":true,"may_deploy":true,"refusal":null}}
// one whose bank waits for approval
>> {"jsonrpc":"2.0","id":2,"method":"perm_getAccount","params":["0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc"]}
<< {"jsonrpc":"2.0","id":2,"result":{"address":"0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc","organisation":2,"role":4,"status":"pending","right":"none","network_administrator":false,"may_transact":false,"may_deploy":false,"refusal":"account 0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc is pending: its organisation is not approved yet"}}
// as of block 0, when nobody had proposed it
>> {"jsonrpc":"2.0","id":3,"method":"perm_getAccount","params":["0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc","0x0"]}
<< {"jsonrpc":"2.0","id":3,"result":{"address":"0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc","organisation":null,"role":null,"status":"none","right":"none","network_administrator":false,"may_transact":false,"may_deploy":false,"refusal":"account 0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc is not an account of this network"}}
// an address nobody admitted
>> {"jsonrpc":"2.0","id":4,"method":"perm_getAccount","params":["0x9999999999999999999999999999999999999999"]}
<< {"jsonrpc":"2.0","id":4,"result":{"address":"0x9999999999999999999999999999999999999999","organisation":null,"role":null,"status":"none","right":"none","network_administrator":false,"may_transact":false,"may_deploy":false,"refusal":"account 0x9999999999999999999999999999999999999999 is not an account of this network"}}
