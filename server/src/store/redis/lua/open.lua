-- ARGV: token, join token, milliseconds to live, milliseconds to be remembered thereafter, the
-- seconds that were asked for a deposit, or nothing.
if token then
  if token ~= ARGV[1] or join ~= ARGV[2] or (deposit or '') ~= ARGV[5] then
    return answer('exists')
  end
  return answer(over() or 'again')
end
local last = now() + ARGV[3]
redis.call('HSET', mailbox, 'token', ARGV[1], 'join', ARGV[2], 'ends', integer(last))
if ARGV[5] ~= '' then
  redis.call('HSET', mailbox, 'deposit', ARGV[5],
    field('s', 'count'), 0, field('s', 'acked'), 0, field('s', 'bytes'), 0,
    field('d', 'count'), 0, field('d', 'acked'), 0, field('d', 'bytes'), 0)
end
redis.call('PEXPIREAT', mailbox, integer(last + ARGV[4]))
deposit = ARGV[5] ~= ''
return answer('new')
