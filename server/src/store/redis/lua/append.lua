-- ARGV: token, channel, number, frame, most frames, most bytes, and those of `done`. The frame's
-- bytes have just been stored.
local number, frame = tonumber(ARGV[3]), ARGV[4]

local function refuse(reason, detail)
  forget({ frame })
  return answer(reason, detail)
end

local side, refused = lane(ARGV[1])
if not side then
  return refuse(refused)
elseif not scanner and not (deposit and side == 'd') then
  return refuse('not_joined')
end
local other = side == 'd' and 's' or 'd'
local count, acked, bytes, others, known, node = unpack(redis.call('HMGET', mailbox,
  field(side, 'count'), field(side, 'acked'), field(side, 'bytes'), field(other, 'bytes'),
  field(side, number), field(other, 'node')))
count, acked, bytes, others = tonumber(count), tonumber(acked), tonumber(bytes), tonumber(others)
if number <= count then
  if known ~= frame then
    return refuse('conflict')
  elseif number <= acked then
    forget({ frame })
    return done('again', side)
  elseif not stored(frame, ends) then
    return answer('full')
  end
  return done('again', side)
elseif number > count + 1 then
  return refuse('gap', count + 1)
elseif number > tonumber(ARGV[5]) or bytes + others + length(frame) > tonumber(ARGV[6]) then
  return refuse('mailbox_full')
elseif not stored(frame, ends) then
  return answer('full')
end
redis.call('HSET', mailbox, field(side, 'count'), number, field(side, 'bytes'), bytes + length(frame),
  field(side, number), frame)
tell(node)
return done('new', side)
