-- Scripts are made of parts that follow each other, and not of functions: Redis makes every function, and what it
-- captures, anew for every call, which took longer than to run a script that finds no mailbox.
--
-- ARGV[1] is a token, and the last two of ARGV are what `unread.lua` takes, but for `end`, after which nothing is
-- read. A script answers a word and what belongs to it: after a success whether the mailbox is a deposit, the caller's
-- side and what it has read.
--
-- A mailbox is the string KEYS[1], so that a script reads it and writes it once: fields of a hash cost a call
-- each time. `token`, `join` and `scanner` are hashes of tokens, the last one empty before the join. It is over
-- `remembered` milliseconds before the key goes. A deposit has `deposit`, the seconds that were asked for, and
-- `lease`, the key's time to live at which others than its scanner can have it.
local HEAD, LANES = '<c32c32Bc0BI4I8I8', '<HHI4Bc0HHI4Bc0'
local DIGEST = 16
-- Bytes of a frame that are few: `frame.rs` has it too.
local FEW = 1024
local ENTRY = DIGEST + 4
local mailbox, by = KEYS[1], ARGV[1]
local token, join, scanner, ended, deposit, lease, remembered, at, ttl, left
-- Why the call is refused.
local refused
local box = redis.call('GET', mailbox)
if box then
  token, join, scanner, ended, deposit, lease, remembered, at = struct.unpack(HEAD, box)
  ttl = redis.call('PTTL', mailbox)
  left = ttl - remembered
  if ended == 1 then
    refused = 'ended'
  elseif left <= 0 then
    refused = 'expired'
  end
end
