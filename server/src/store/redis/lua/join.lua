-- ARGV: join token, channel, scanner's token, frame, milliseconds to live, milliseconds to be
-- remembered thereafter, most bytes, the frame's bytes as `stored` takes them, and those of `done`.
local frame, bytes = ARGV[4], ARGV[8]

local function refuse(reason)
  discard(frame, bytes)
  return answer(reason)
end

if not token or ARGV[1] ~= join then
  return refuse('unknown')
end
local refused = over()
if refused then
  return refuse(refused)
end
if scanner ~= '' then
  if scanner == ARGV[3] and entry(s, 1) == frame then
    if s.acked >= 1 then
      discard(frame, bytes)
    elseif not stored(frame, bytes, left) then
      return answer('full')
    end
    return done('again', s)
  elseif deposit == 0 or ttl > lease or s.count > 1 then
    return refuse('already_joined')
  end
  forget(keys({}, s, s.acked + 1, s.count))
end
if length(frame) > tonumber(ARGV[7]) then
  return refuse('mailbox_full')
end
local lives = tonumber(ARGV[5])
if not stored(frame, bytes, deposit > 0 and left or lives) then
  return answer('full')
end
scanner = ARGV[3]
s.count, s.acked, s.bytes, s.frames = 1, 0, length(frame), frame
if deposit > 0 then
  lease = math.max(ttl - lives, 0)
else
  left, remembered = lives, tonumber(ARGV[6])
  redis.call('PEXPIRE', mailbox, left + remembered)
end
wake(d, 1, bytes)
return done('new', s)
