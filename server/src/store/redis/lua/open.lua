-- ARGV: token, join token, milliseconds to live, milliseconds to be remembered thereafter.
if token then
  if token ~= ARGV[1] or join ~= ARGV[2] then
    return { 'exists' }
  end
  return { over() or 'again' }
end
local last = now() + ARGV[3]
redis.call('HSET', mailbox, 'token', ARGV[1], 'join', ARGV[2], 'ends', integer(last))
redis.call('PEXPIREAT', mailbox, integer(last + ARGV[4]))
return { 'new' }
