-- The join token, milliseconds to live, milliseconds to be remembered thereafter, the seconds that were asked for a
-- deposit, or 0.
local its_join, lives, remembers, asked = unpack('<c16I8I8I4', ARGV[1], rest)
if not box then
  box = pack(BOX, by, its_join, 0, '', 0, asked, 0, remembers, 0, 0, 0, #node, node, 0, '', 0, 0, 0, 0, '', 0, '')
  call('SET', mailbox, box, 'PX', lives + remembers)
  return pack('<BBBI8H', 1, asked > 0 and 1 or 0, 0, lives, 0)
elseif token ~= by or join ~= its_join or deposit ~= asked then
  return 'exists\n'
elseif refused then
  return refused .. '\n'
end
local is_new, is_changed, lasts = false, false, nil
