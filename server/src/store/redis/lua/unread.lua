-- What the side reads of the other's lane, after the frames up to the last but one of ARGV, which are acknowledged.
-- Whoever writes next lets the node know that ARGV ends with; it is empty where nobody waits. What is read is how much
-- is left of the mailbox's life, how many frames the side itself has written, and the other's, with their bytes where
-- those are few; nothing where the side has acknowledged them.
local after, node, unread, waits = tonumber(ARGV[#ARGV - 1]), ARGV[#ARGV], '', false
if after >= other_acked then
  if after > other_count then
    after = other_count
  end
  -- A deposit stays until its receipt is there.
  if after > other_acked and not (deposit > 0 and side == 's' and own_count < 2) then
    -- Forgetting comes first: a full Redis lets a script write that has begun by making room.
    for from = ENTRY * other_acked + 1, ENTRY * after, ENTRY do
      redis.call('UNLINK', mailbox .. ':' .. string.sub(other_frames, from, from + DIGEST - 1))
      other_bytes = other_bytes - struct.unpack('<I4', other_frames, from + DIGEST)
    end
    other_acked, is_changed = after, true
  end
  if after == other_count and node ~= '' and node ~= own_node then
    own_node, waits = node, true
  end
  local found = { struct.pack('<I8H', left, own_count) }
  for from = ENTRY * after + 1, #other_frames, ENTRY do
    local entry, bytes = string.sub(other_frames, from, from + ENTRY - 1), ''
    if struct.unpack('<I4', entry, DIGEST + 1) <= FEW then
      bytes = redis.call('GET', mailbox .. ':' .. string.sub(entry, 1, DIGEST))
    end
    if not bytes then
      break
    end
    found[#found + 1] = entry
    found[#found + 1] = bytes
  end
  unread = table.concat(found)
end
