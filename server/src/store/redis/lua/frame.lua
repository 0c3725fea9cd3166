-- Keeps a frame at `key` for `lives` milliseconds where it is wanted, which fails when Redis is full. Its bytes are
-- given where they are few: those of others have just been stored by a command of their own.
if refused or not is_wanted then
  if bytes == '' then
    call('UNLINK', key)
  end
elseif bytes == '' then
  if call('PEXPIRE', key, lives) == 0 then
    refused = 'full'
  end
elseif redis.pcall('SET', key, bytes, 'PX', lives).err then
  refused = 'full'
end
if refused then
  return refused .. '\n' .. expected
end
