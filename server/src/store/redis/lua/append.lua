-- ARGV: token, channel, number, frame, most frames, most bytes, the frame's bytes as `stored` takes them,
-- and those of `done`.
local number, frame, bytes = tonumber(ARGV[3]), ARGV[4], ARGV[7]

local function refuse(reason, packed)
  discard(frame, bytes)
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
    discard(frame, bytes)
  elseif not stored(frame, bytes, left) then
    return answer('full')
  end
  return done('again', own)
end
local size = length(frame)
if number > own.count + 1 then
  return refuse('gap', struct.pack('<H', own.count + 1))
elseif number > tonumber(ARGV[5]) or d.bytes + s.bytes + size > tonumber(ARGV[6]) then
  return refuse('mailbox_full')
elseif not stored(frame, bytes, left) then
  return answer('full')
end
own.count, own.bytes, own.frames = number, own.bytes + size, own.frames .. frame
wake(own == d and s or d, number, bytes)
return done('new', own)
