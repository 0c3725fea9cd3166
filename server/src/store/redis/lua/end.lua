-- ARGV: token, channel.
local own, refused = lane(ARGV[1])
if not own then
  return answer(refused)
end
if deposit > 0 and own == s then
  -- Whoever was fetching it gives it back; a receipt cannot be taken back.
  if s.count == 1 then
    -- A full Redis lets a script write that has begun by making room.
    redis.call('UNLINK', unpack(keys({ mailbox }, s, s.acked + 1, s.count)))
    scanner, lease = '', 0
    empty(s)
    save(redis.call, 'PX', ttl)
    wake(d)
  end
  return answer('new', about(s))
end
redis.call('UNLINK', unpack(keys(keys({ mailbox }, d, d.acked + 1, d.count), s, s.acked + 1, s.count)))
ended = 1
empty(d)
empty(s)
save(redis.call, 'PX', ttl)
wake(d)
wake(s)
return answer('new', about(own))
