-- The mailbox, where it is to be written.
if lasts or is_changed or waits then
  if side == 'd' then
    box = pack(BOX, token, join, #scanner, scanner, ended, deposit, lease, remembered, own_count, own_acked, own_bytes,
      #own_node, own_node, #own_frames, own_frames, other_count, other_acked, other_bytes, #other_node, other_node,
      #other_frames, other_frames)
  else
    box = pack(BOX, token, join, #scanner, scanner, ended, deposit, lease, remembered, other_count, other_acked,
      other_bytes, #other_node, other_node, #other_frames, other_frames, own_count, own_acked, own_bytes, #own_node,
      own_node, #own_frames, own_frames)
  end
end
