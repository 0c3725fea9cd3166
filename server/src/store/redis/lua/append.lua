-- ARGV: token, channel of the node that calls, number, frame, most frames, most bytes, the frame's bytes as
-- `frame.lua` takes them.
local number, frame, bytes = tonumber(ARGV[3]), ARGV[4], ARGV[7]
local key, size = mailbox .. ':' .. string.sub(frame, 1, DIGEST), struct.unpack('<I4', frame, DIGEST + 1)
local word, is_changed, is_wanted, lives, expected, head, lasts = 'again', false, false, left, '', nil, nil
if refused then
  -- That is the answer.
elseif scanner == '' and not (deposit > 0 and side == 'd') then
  refused = 'not_joined'
elseif number <= own_count then
  is_wanted = number > own_acked
  if string.sub(own_frames, ENTRY * (number - 1) + 1, ENTRY * number) ~= frame then
    refused = 'conflict'
  end
elseif number > own_count + 1 then
  refused, expected = 'gap', struct.pack('<H', own_count + 1)
elseif number > tonumber(ARGV[5]) or own_bytes + other_bytes + size > tonumber(ARGV[6]) then
  refused = 'mailbox_full'
else
  word, is_changed, is_wanted = 'new', true, true
  own_count, own_bytes, own_frames = number, own_bytes + size, own_frames .. frame
end
