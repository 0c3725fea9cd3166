-- Changes nothing of a mailbox, and reaches every replica.
return redis.call('PEXPIRE', KEYS[1], redis.call('PTTL', KEYS[1]))
