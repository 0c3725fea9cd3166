-- Lets the node know on which the other side may wait, if it is not the one that calls, ARGV[2], which knows. With few
-- bytes of a new frame, they are handed to the other side there: `subscriber.rs` reads it.
if is_changed and other_node ~= '' and other_node ~= ARGV[2] then
  local message = string.sub(mailbox, 7, -2)
  if bytes ~= '' then
    message = message .. (side == 'd' and scanner or token) .. struct.pack('<HI8', number, left) .. bytes
  end
  redis.call('PUBLISH', other_node, message)
end
