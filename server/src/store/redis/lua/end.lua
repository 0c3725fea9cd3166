-- ARGV: token, channel.
local side, refused = lane(ARGV[1])
if not side then
  return answer(refused)
end
if deposit and side == 's' then
  -- Whoever was fetching it gives it back; a receipt cannot be taken back.
  if written('s') == 1 then
    forget(unread('s'))
    redis.call('HDEL', mailbox, 'scanner', 'lease')
    redis.call('HSET', mailbox, field('s', 'count'), 0, field('s', 'acked'), 0, field('s', 'bytes'), 0)
    wake('d')
  end
  return answer('new', side)
end
redis.call('HDEL', mailbox, 'ends')
if scanner or deposit then
  forget(unread('d'))
  forget(unread('s'))
end
wake('d')
wake('s')
return answer('new', side)
