-- The lanes as the caller sees them.
local own_count, own_acked, own_bytes, own_node, own_frames = d_count, d_acked, d_bytes, d_node, d_frames
local other_count, other_acked, other_bytes, other_node, other_frames = s_count, s_acked, s_bytes, s_node, s_frames
if side == 's' then
  own_count, own_acked, own_bytes, own_node, own_frames = s_count, s_acked, s_bytes, s_node, s_frames
  other_count, other_acked, other_bytes, other_node, other_frames = d_count, d_acked, d_bytes, d_node, d_frames
end
