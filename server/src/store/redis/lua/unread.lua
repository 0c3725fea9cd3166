-- What the side reads of the other's lane, after the frames up to the last but one of ARGV, which are acknowledged.
-- Whoever writes next lets the node know that ARGV ends with; it is empty where nobody waits. What is read is how much
-- is left of the mailbox's life, how many frames the side itself has written, and the other's; nothing where the side
-- has acknowledged them.
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
  unread = struct.pack('<I8H', left, own_count) .. string.sub(other_frames, ENTRY * after + 1)
end
