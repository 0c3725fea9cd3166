-- The relay that calls.
if refused then
  return refused .. '\n'
end
local is_new, is_changed, waits, unread, lasts = true, false, false, nil, nil
-- Whoever was fetching a deposit gives it back; a receipt cannot be taken back.
local is_fetched = deposit > 0 and side == 's'
if not is_fetched or own_count == 1 then
  -- Forgetting comes first: a full Redis lets a script write that has begun by making room.
  call('UNLINK', mailbox)
  for from = ENTRY * own_acked + 1, #own_frames, ENTRY do
    call('UNLINK', mailbox .. ':' .. sub(own_frames, from, from + DIGEST - 1))
  end
  own_count, own_acked, own_bytes, own_frames = 0, 0, 0, ''
  if is_fetched then
    scanner, lease = '', 0
  else
    for from = ENTRY * other_acked + 1, #other_frames, ENTRY do
      call('UNLINK', mailbox .. ':' .. sub(other_frames, from, from + DIGEST - 1))
    end
    other_count, other_acked, other_bytes, other_frames = 0, 0, 0, ''
    ended = 1
  end
  lasts = ttl
  local relay = unpack('<c8', ARGV[1], rest)
  for _, waiting in ipairs({ other_node, is_fetched and '' or own_node }) do
    if waiting ~= '' and sub(waiting, 1, #relay) ~= relay then
      call('PUBLISH', CHANNELS .. waiting, sub(mailbox, 7, -2))
    end
  end
end
