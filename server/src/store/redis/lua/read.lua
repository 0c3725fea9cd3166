-- ARGV: token, channel (empty where nobody waits), number of the last frame that the reader has.
local side, refused = lane(ARGV[1])
if not side then
  return answer(refused)
end
return answer('read', side, read(side, ARGV[3], ARGV[2]))
