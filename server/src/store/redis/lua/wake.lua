-- Lets the worker know where the other side may wait, if it is not of the relay that calls, which knows. The new frame
-- is handed to the other side there: its few bytes, or its name. `node.rs` reads it.
if is_changed and other_node ~= '' and sub(other_node, 1, #relay) ~= relay then
  local handed
  if bytes ~= '' then
    handed = pack('<HI8', number, left) .. bytes
  else
    -- No frame has the number 0.
    handed = pack('<HI8H', 0, left, number) .. sub(frame, 1, DIGEST)
  end
  call('PUBLISH', CHANNELS .. other_node, sub(mailbox, 7, -2) .. (side == 'd' and scanner or token) .. handed)
end
