-- ARGV: token, channel (empty where nobody waits), number of the last frame that the reader has.
local own, refused = lane(ARGV[1])
if not own then
  return answer(refused)
end
return answer('read', about(own) .. read(own, tonumber(ARGV[3]), ARGV[2], false))
