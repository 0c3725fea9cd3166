-- The mailbox lives for `lasts` milliseconds from now where that is said, and else as long as before.
if lasts then
  call('SET', mailbox, box, 'PX', lasts)
elseif is_changed then
  call('SET', mailbox, box, 'KEEPTTL')
elseif waits then
  -- A full Redis keeps it from being noted, and the writer from writing.
  redis.pcall('SET', mailbox, box, 'KEEPTTL')
end
-- Whether this call is the first to succeed, whether the mailbox is a deposit, whether the scanner calls, and what it
-- reads: how much is left of the mailbox's life, how many frames it has written itself, and the other side's.
local new, is_deposit, is_scanner = is_new and 1 or 0, deposit > 0 and 1 or 0, side == 's' and 1 or 0
if not unread then
  return pack('<BBB', new, is_deposit, is_scanner)
end
return pack('<BBBI8H', new, is_deposit, is_scanner, left, own_count) .. unread
