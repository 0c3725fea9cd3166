-- Lets the node know on which the other side may wait, if it is not the one that calls, ARGV[2], which knows. The new
-- frame is handed to the other side there: its few bytes, or its name. `node.rs` reads it.
if is_changed and other_node ~= '' and string.sub(other_node, 1, #ARGV[2]) ~= ARGV[2] then
  local handed
  if bytes ~= '' then
    handed = struct.pack('<HI8', number, left) .. bytes
  else
    -- No frame has the number 0.
    handed = struct.pack('<HI8H', 0, left, number) .. string.sub(frame, 1, DIGEST)
  end
  redis.call('PUBLISH', other_node, string.sub(mailbox, 7, -2) .. (side == 'd' and scanner or token) .. handed)
end
