-- Scripts are made of parts that follow each other, and not of functions: Redis makes every function, and what it
-- captures, anew for every call, which took longer than to run a script that finds no mailbox. Redis's Lua reads every
-- byte of every string that it makes: arguments are packed into one, and a mailbox is taken apart and made by one call.
--
-- ARGV[1] begins with what every call has: a token, the frame that is acknowledged and the worker where the caller
-- waits, which is empty where it does not. What else belongs to a script follows from `rest` on. Of a token there is
-- the beginning of its hash. A script answers as `answer.lua` does, or the word of a refusal and what belongs to it.
--
-- A mailbox is the string KEYS[1], so that a script reads it and writes it once: fields of a hash cost a call
-- each time. `token`, `join` and `scanner` are of tokens, the last one empty before the join. It is over `remembered`
-- milliseconds before the key goes. A deposit has `deposit`, the seconds that were asked for, and `lease`, the key's
-- time to live at which others than its scanner can have it. The lanes follow, the displayer's first: how many frames
-- were written and how many of them acknowledged, the bytes of the others, the worker where its writer waited last, and
-- of each frame the digest and the length, which is its entry. The frames themselves are keys of their own, named by
-- their digest. A worker, or its relay as a whole, has a name that begins with the relay's, of 8 bytes.
local CHANNELS = 'naru:node:'
local CALL, BOX = '<c16HBc0', '<c16c16Bc0BI4I8I8HHI4Bc0I4c0HHI4Bc0I4c0'
local DIGEST = 16
-- Bytes of a frame that are few: `frame.rs` has it too.
local FEW = 1024
local ENTRY = DIGEST + 4
local call, pack, unpack, sub = redis.call, struct.pack, struct.unpack, string.sub
local mailbox = KEYS[1]
local by, after, node, rest = unpack(CALL, ARGV[1])
local token, join, scanner, ended, deposit, lease, remembered, ttl, left
local d_count, d_acked, d_bytes, d_node, d_frames, s_count, s_acked, s_bytes, s_node, s_frames
-- Why the call is refused.
local refused
local box = call('GET', mailbox)
if box then
  token, join, scanner, ended, deposit, lease, remembered, d_count, d_acked, d_bytes, d_node, d_frames, s_count,
    s_acked, s_bytes, s_node, s_frames = unpack(BOX, box)
  ttl = call('PTTL', mailbox)
  left = ttl - remembered
  if ended == 1 then
    refused = 'ended'
  elseif left <= 0 then
    refused = 'expired'
  end
end
