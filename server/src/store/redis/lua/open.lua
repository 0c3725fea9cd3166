-- ARGV: token, join token, milliseconds to live, milliseconds to be remembered thereafter, the
-- seconds that were asked for a deposit, or 0, and those of `done`.
if token then
  if token ~= ARGV[1] or join ~= ARGV[2] or deposit ~= tonumber(ARGV[5]) then
    return answer('exists')
  end
  local refused = over()
  if refused then
    return answer(refused)
  end
  return done('again', d)
end
token, join, scanner, ended, deposit, lease = ARGV[1], ARGV[2], '', 0, tonumber(ARGV[5]), 0
left, remembered = tonumber(ARGV[3]), tonumber(ARGV[4])
d.node, s.node = ARGV[#ARGV], ''
empty(d)
empty(s)
save(redis.call, 'PX', left + remembered)
return answer('new', about(d) .. struct.pack('<I8H', left, 0))
