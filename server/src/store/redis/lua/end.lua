-- ARGV: token, channel of the node that calls.
if refused then
  return refused .. '\n'
end
local word, is_changed, waits, unread, head, lasts = 'new', false, false, '', nil, nil
-- Whoever was fetching a deposit gives it back; a receipt cannot be taken back.
local is_fetched = deposit > 0 and side == 's'
if not is_fetched or own_count == 1 then
  -- Forgetting comes first: a full Redis lets a script write that has begun by making room.
  redis.call('UNLINK', mailbox)
  for from = ENTRY * own_acked + 1, #own_frames, ENTRY do
    redis.call('UNLINK', mailbox .. ':' .. string.sub(own_frames, from, from + DIGEST - 1))
  end
  own_count, own_acked, own_bytes, own_frames = 0, 0, 0, ''
  if is_fetched then
    scanner, lease = '', 0
  else
    for from = ENTRY * other_acked + 1, #other_frames, ENTRY do
      redis.call('UNLINK', mailbox .. ':' .. string.sub(other_frames, from, from + DIGEST - 1))
    end
    other_count, other_acked, other_bytes, other_frames = 0, 0, 0, ''
    ended = 1
  end
  head, lasts = struct.pack(HEAD, token, join, #scanner, scanner, ended, deposit, lease, remembered), ttl
  for _, node in ipairs({ other_node, is_fetched and '' or own_node }) do
    if node ~= '' and string.sub(node, 1, #ARGV[2]) ~= ARGV[2] then
      redis.call('PUBLISH', node, (string.sub(mailbox, 7, -2)))
    end
  end
end
