-- ARGV: token, join token, milliseconds to live, milliseconds to be remembered thereafter, the
-- seconds that were asked for a deposit, or 0.
if not box then
  local node = ARGV[#ARGV]
  left, remembered, deposit = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
  box = struct.pack(HEAD, by, ARGV[2], 0, '', 0, deposit, 0, remembered)
    .. struct.pack(LANES, 0, 0, 0, #node, node, 0, 0, 0, 0, '')
  redis.call('SET', mailbox, box, 'PX', left + remembered)
  return 'new\n' .. struct.pack('<Bc1I8H', deposit > 0 and 1 or 0, 'd', left, 0)
elseif token ~= by or join ~= ARGV[2] or deposit ~= tonumber(ARGV[5]) then
  return 'exists\n'
elseif refused then
  return refused .. '\n'
end
local word, is_changed, head, lasts = 'again', false, nil, nil
