-- The relay that calls, the scanner's token, the frame's entry, milliseconds to live, milliseconds to be remembered
-- thereafter, most bytes. ARGV[2] are the frame's bytes as `frame.lua` takes them.
local relay, joins, frame, lasting, remembers, most_bytes = unpack('<c8c16c20I8I8I8', ARGV[1], rest)
local number, bytes = 1, ARGV[2]
local key, size = mailbox .. ':' .. sub(frame, 1, DIGEST), unpack('<I4', frame, DIGEST + 1)
local is_new, is_changed, is_wanted, lives, expected, lasts = false, false, false, left, '', nil
if not box or by ~= join then
  refused = 'unknown'
elseif refused then
  -- That is the answer.
elseif scanner == joins and sub(own_frames, 1, ENTRY) == frame then
  is_wanted = own_acked == 0
elseif scanner ~= '' and (deposit == 0 or ttl > lease or own_count > 1) then
  refused = 'already_joined'
elseif size > most_bytes then
  refused = 'mailbox_full'
else
  is_new, is_changed, is_wanted = true, true, true
  for from = ENTRY * own_acked + 1, #own_frames, ENTRY do
    call('UNLINK', mailbox .. ':' .. sub(own_frames, from, from + DIGEST - 1))
  end
  scanner = joins
  own_count, own_acked, own_bytes, own_frames = 1, 0, size, frame
  if deposit > 0 then
    lease = math.max(ttl - lasting, 0)
  else
    left, remembered = lasting, remembers
    lives, lasts = left, left + remembered
  end
end
