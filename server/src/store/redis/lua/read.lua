-- ARGV: token, number of the last frame that the reader has.
local side, refused = lane(ARGV[1])
if not side then
  return { refused }
end
local left = tonumber(ends) - now()
if not scanner and not deposit then
  return { 'unread', left }
end
local other = side == 'd' and 's' or 'd'
local count, acked, bytes = unpack(redis.call('HMGET', mailbox, field(other, 'count'),
  field(other, 'acked'), field(other, 'bytes')))
count, acked, bytes = tonumber(count), tonumber(acked), tonumber(bytes)
local after = math.min(tonumber(ARGV[2]), count)
if tonumber(ARGV[2]) < acked then
  return { 'acknowledged' }
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
local answer = { 'unread', left }
for _, frame in ipairs(frames(other, after + 1, count)) do
  answer[#answer + 1] = key(frame)
end
return answer
