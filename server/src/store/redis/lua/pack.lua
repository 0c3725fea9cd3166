-- The mailbox, to be written.
head = head or string.sub(box, 1, at - 1)
if side == 'd' then
  box = head .. struct.pack(LANES, own_count, own_acked, own_bytes, #own_node, own_node, other_count, other_acked,
    other_bytes, #other_node, other_node) .. own_frames .. other_frames
else
  box = head .. struct.pack(LANES, other_count, other_acked, other_bytes, #other_node, other_node, own_count,
    own_acked, own_bytes, #own_node, own_node) .. other_frames .. own_frames
end
