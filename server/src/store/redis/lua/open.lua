-- ARGV: token, join token, milliseconds to live, milliseconds to be remembered thereafter, the
-- seconds that were asked for a deposit, or nothing, and those of `done`.
if token then
  if token ~= ARGV[1] or join ~= ARGV[2] or (deposit or '') ~= ARGV[5] then
    return answer('exists')
  end
  local refused = over()
  if refused then
    return answer(refused)
  end
  return done('again', 'd')
end
local last = now() + ARGV[3]
redis.call('HSET', mailbox, 'token', ARGV[1], 'join', ARGV[2], 'ends', integer(last))
if ARGV[5] ~= '' then
  redis.call('HSET', mailbox, 'deposit', ARGV[5],
    field('s', 'count'), 0, field('s', 'acked'), 0, field('s', 'bytes'), 0,
    field('d', 'count'), 0, field('d', 'acked'), 0, field('d', 'bytes'), 0)
end
redis.call('PEXPIREAT', mailbox, integer(last + ARGV[4]))
ends, deposit = integer(last), ARGV[5] ~= ''
return done('new', 'd')
