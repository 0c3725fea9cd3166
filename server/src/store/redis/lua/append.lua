-- The relay that calls, the frame's number and entry, most frames, most bytes. ARGV[2] are the frame's bytes as
-- `frame.lua` takes them.
local relay, number, frame, most_frames, most_bytes = unpack('<c8Hc20HI8', ARGV[1], rest)
local bytes, key, size = ARGV[2], mailbox .. ':' .. sub(frame, 1, DIGEST), unpack('<I4', frame, DIGEST + 1)
local is_new, is_changed, is_wanted, lives, expected, lasts = false, false, false, left, '', nil
if refused then
  -- That is the answer.
elseif scanner == '' and not (deposit > 0 and side == 'd') then
  refused = 'not_joined'
elseif number <= own_count then
  is_wanted = number > own_acked
  if sub(own_frames, ENTRY * (number - 1) + 1, ENTRY * number) ~= frame then
    refused = 'conflict'
  end
elseif number > own_count + 1 then
  refused, expected = 'gap', pack('<H', own_count + 1)
elseif number > most_frames or own_bytes + other_bytes + size > most_bytes then
  refused = 'mailbox_full'
else
  is_new, is_changed, is_wanted = true, true, true
  own_count, own_bytes, own_frames = number, own_bytes + size, own_frames .. frame
end
