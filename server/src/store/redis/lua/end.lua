-- ARGV: token, channel, name.
local side, refused = lane(ARGV[1])
if not side then
  return { refused }
end
if deposit and side == 's' then
  -- Whoever was fetching it gives it back; a receipt cannot be taken back.
  if written('s') == 1 then
    forget(unread('s'))
    redis.call('HDEL', mailbox, 'scanner', 'lease')
    redis.call('HSET', mailbox, field('s', 'count'), 0, field('s', 'acked'), 0, field('s', 'bytes'), 0)
    redis.call('PUBLISH', ARGV[2], ARGV[3])
  end
  return { 'new' }
end
redis.call('HDEL', mailbox, 'ends')
if scanner or deposit then
  forget(unread('d'))
  forget(unread('s'))
end
redis.call('PUBLISH', ARGV[2], ARGV[3])
return { 'new' }
