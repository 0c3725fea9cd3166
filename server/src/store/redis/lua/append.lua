-- ARGV: token, channel, number, frame, most frames, most bytes, and those of `done`. The frame's
-- bytes have just been stored.
local number, frame = tonumber(ARGV[3]), ARGV[4]

local function refuse(reason, packed)
  forget({ key(frame) })
  return answer(reason, packed)
end

local own, refused = lane(ARGV[1])
if not own then
  return refuse(refused)
elseif scanner == '' and not (deposit > 0 and own == d) then
  return refuse('not_joined')
end
if number <= own.count then
  if entry(own, number) ~= frame then
    return refuse('conflict')
  elseif number <= own.acked then
    forget({ key(frame) })
  elseif not stored(frame, left) then
    return answer('full')
  end
  return done('again', own)
end
local bytes = length(frame)
if number > own.count + 1 then
  return refuse('gap', struct.pack('<H', own.count + 1))
elseif number > tonumber(ARGV[5]) or d.bytes + s.bytes + bytes > tonumber(ARGV[6]) then
  return refuse('mailbox_full')
elseif not stored(frame, left) then
  return answer('full')
end
own.count, own.bytes, own.frames = number, own.bytes + bytes, own.frames .. frame
wake(own == d and s or d)
return done('new', own)
