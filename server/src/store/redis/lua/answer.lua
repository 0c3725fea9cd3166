-- The mailbox lives for `lasts` milliseconds from now where that is said, and else as long as before.
if lasts then
  redis.call('SET', mailbox, box, 'PX', lasts)
elseif is_changed then
  redis.call('SET', mailbox, box, 'KEEPTTL')
elseif waits then
  -- A full Redis keeps it from being noted, and the writer from writing.
  redis.pcall('SET', mailbox, box, 'KEEPTTL')
end
return word .. '\n' .. struct.pack('<Bc1', deposit > 0 and 1 or 0, side) .. unread
