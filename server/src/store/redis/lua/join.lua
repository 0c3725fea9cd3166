-- ARGV: join token, channel of the node that calls, scanner's token, frame, milliseconds to live, milliseconds to be
-- remembered thereafter, most bytes, the frame's bytes as `frame.lua` takes them.
local number, frame, bytes = 1, ARGV[4], ARGV[8]
local key, size = mailbox .. ':' .. string.sub(frame, 1, DIGEST), struct.unpack('<I4', frame, DIGEST + 1)
local word, is_changed, is_wanted, lives, expected, head, lasts = 'again', false, false, left, '', nil, nil
if not box or by ~= join then
  refused = 'unknown'
elseif refused then
  -- That is the answer.
elseif scanner == ARGV[3] and string.sub(own_frames, 1, ENTRY) == frame then
  is_wanted = own_acked == 0
elseif scanner ~= '' and (deposit == 0 or ttl > lease or own_count > 1) then
  refused = 'already_joined'
elseif size > tonumber(ARGV[7]) then
  refused = 'mailbox_full'
else
  word, is_changed, is_wanted = 'new', true, true
  for from = ENTRY * own_acked + 1, #own_frames, ENTRY do
    redis.call('UNLINK', mailbox .. ':' .. string.sub(own_frames, from, from + DIGEST - 1))
  end
  scanner = ARGV[3]
  own_count, own_acked, own_bytes, own_frames = 1, 0, size, frame
  if deposit > 0 then
    lease = math.max(ttl - tonumber(ARGV[5]), 0)
  else
    left, remembered = tonumber(ARGV[5]), tonumber(ARGV[6])
    lives, lasts = left, left + remembered
  end
  head = struct.pack(HEAD, token, join, #scanner, scanner, ended, deposit, lease, remembered)
end
