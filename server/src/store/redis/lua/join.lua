-- ARGV: join token, channel, scanner's token, frame, milliseconds to live, milliseconds to be
-- remembered thereafter, most bytes, and those of `done`. The frame's bytes have just been stored.
local frame = ARGV[4]

local function refuse(reason)
  forget({ frame })
  return answer(reason)
end

if not token or ARGV[1] ~= join then
  return refuse('unknown')
end
local refused = over()
if refused then
  return refuse(refused)
end
if scanner then
  local first, acked = unpack(redis.call('HMGET', mailbox, field('s', 1), field('s', 'acked')))
  if scanner == ARGV[3] and first == frame then
    if tonumber(acked) >= 1 then
      forget({ frame })
    elseif not stored(frame, ends) then
      return answer('full')
    end
    return done('again', 's')
  elseif not deposit or now() < tonumber(lease) or written('s') > 1 then
    return refuse('already_joined')
  end
  forget(unread('s'))
end
if length(frame) > tonumber(ARGV[7]) then
  return refuse('mailbox_full')
end
local last = now() + ARGV[5]
if not stored(frame, deposit and ends or integer(last)) then
  return answer('full')
end
redis.call('HSET', mailbox, 'scanner', ARGV[3], field('s', 'count'), 1, field('s', 'acked'), 0,
  field('s', 'bytes'), length(frame), field('s', 1), frame)
if deposit then
  redis.call('HSET', mailbox, 'lease', integer(last))
else
  ends = integer(last)
  redis.call('HSET', mailbox, 'ends', ends,
    field('d', 'count'), 0, field('d', 'acked'), 0, field('d', 'bytes'), 0)
  redis.call('PEXPIREAT', mailbox, integer(last + ARGV[6]))
end
scanner = ARGV[3]
wake('d')
return done('new', 's')
