-- ARGV: token, channel, name.
local side, refused = lane(ARGV[1])
if not side then
  return { refused }
end
redis.call('HDEL', mailbox, 'ends')
if scanner then
  for _, one in ipairs({ 'd', 's' }) do
    local count, acked = unpack(redis.call('HMGET', mailbox, field(one, 'count'), field(one, 'acked')))
    forget(frames(one, tonumber(acked) + 1, tonumber(count)))
  end
end
redis.call('PUBLISH', ARGV[2], ARGV[3])
return { 'new' }
