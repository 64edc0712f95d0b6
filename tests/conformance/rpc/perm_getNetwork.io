// sealer, administrators and majority; `enforced` says whether the genesis obeys the contract
>> {"jsonrpc":"2.0","id":1,"method":"perm_getNetwork","params":[]}
<< {"jsonrpc":"2.0","id":1,"result":{"enforced":true,"contract":"0x00000000000000000000000000000000000a11ed","sealer":"0x4a62316623ad457f02cdc5d997ded67a383ec569","administrators":["0x99c851eaa3c3976914d63b822c67e201ec0bfbb8","0x70997970c51812dc3a010c7d01b50e0d17dc79c8"],"majority_percent":50,"votes_needed":2,"organisations":2,"roles":4,"proposals":2,"open_proposals":[2]}}
