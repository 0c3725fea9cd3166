-- ARGV: token, channel (empty where nobody waits), number of the last frame that the reader has.
local side, refused = lane(ARGV[1])
if not side then
  return answer(refused)
end

-- Whoever writes next lets this node know. A full Redis keeps it from being noted, and the writer
-- from writing.
local function wait(known)
  if ARGV[2] ~= '' and ARGV[2] ~= known then
    redis.pcall('HSET', mailbox, field(side, 'node'), ARGV[2])
  end
end

local left = tonumber(ends) - now()
if not scanner and not deposit then
  wait()
  return answer('unread', left, 0)
end
local other = side == 'd' and 's' or 'd'
local own, count, acked, bytes, node = unpack(redis.call('HMGET', mailbox, field(side, 'count'),
  field(other, 'count'), field(other, 'acked'), field(other, 'bytes'), field(side, 'node')))
count, acked, bytes = tonumber(count), tonumber(acked), tonumber(bytes)
local after = math.min(tonumber(ARGV[3]), count)
if tonumber(ARGV[3]) < acked then
  return answer('acknowledged')
-- A deposit stays until its receipt is there.
elseif after > acked and not (deposit and side == 's' and written('s') < 2) then
  local read = frames(other, acked + 1, after)
  for _, frame in ipairs(read) do
    bytes = bytes - length(frame)
  end
  -- Forgetting comes first: a full Redis lets a script write that has begun by making room.
  forget(read)
  redis.call('HSET', mailbox, field(other, 'acked'), after, field(other, 'bytes'), bytes)
end
if after == count then
  wait(node)
end
local unread = answer('unread', left, own)
for _, frame in ipairs(frames(other, after + 1, count)) do
  unread[#unread + 1] = key(frame)
end
return unread
