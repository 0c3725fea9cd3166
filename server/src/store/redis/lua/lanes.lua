-- Each lane has how many frames were written and how many of them acknowledged, the bytes of the others, the
-- channel on which its writer was woken last when it waited, and of each frame the digest and the length, which
-- follow after both. The frames themselves are keys of their own, named by their digest.
local own_count, own_acked, own_bytes, own_node, own_frames
local other_count, other_acked, other_bytes, other_node, other_frames
if box then
  local first, second
  if side == 'd' then
    own_count, own_acked, own_bytes, own_node, other_count, other_acked, other_bytes, other_node, first =
      struct.unpack(LANES, box, at)
    second = first + ENTRY * own_count
    own_frames, other_frames = string.sub(box, first, second - 1), string.sub(box, second)
  else
    other_count, other_acked, other_bytes, other_node, own_count, own_acked, own_bytes, own_node, first =
      struct.unpack(LANES, box, at)
    second = first + ENTRY * other_count
    other_frames, own_frames = string.sub(box, first, second - 1), string.sub(box, second)
  end
end
