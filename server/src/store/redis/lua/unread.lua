-- What the side reads of the other's lane, after the frames up to `after`, which are acknowledged. Whoever writes next
-- lets the worker know where the caller waits. What is read are the other's frames, with their bytes where those are
-- few; `nil` where the side has acknowledged them.
local unread, waits = nil, false
if after >= other_acked then
  if after > other_count then
    after = other_count
  end
  -- A deposit stays until its receipt is there.
  if after > other_acked and not (deposit > 0 and side == 's' and own_count < 2) then
    -- Forgetting comes first: a full Redis lets a script write that has begun by making room.
    for from = ENTRY * other_acked + 1, ENTRY * after, ENTRY do
      call('UNLINK', mailbox .. ':' .. sub(other_frames, from, from + DIGEST - 1))
      other_bytes = other_bytes - unpack('<I4', other_frames, from + DIGEST)
    end
    other_acked, is_changed = after, true
  end
  unread = ''
  if after < other_count then
    local found = {}
    for from = ENTRY * after + 1, #other_frames, ENTRY do
      local entry, its_bytes = sub(other_frames, from, from + ENTRY - 1), ''
      if unpack('<I4', entry, DIGEST + 1) <= FEW then
        its_bytes = call('GET', mailbox .. ':' .. sub(entry, 1, DIGEST))
      end
      if not its_bytes then
        break
      end
      found[#found + 1] = entry
      found[#found + 1] = its_bytes
    end
    unread = table.concat(found)
  elseif node ~= '' and node ~= own_node then
    own_node, waits = node, true
  end
end
