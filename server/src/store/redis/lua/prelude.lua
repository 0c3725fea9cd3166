-- Every script but `open` has ARGV[1], a token, and ARGV[2], the channel of the node that calls.
-- It answers a word, and what belongs to it: after a success whether the mailbox is a deposit, the
-- caller's side and what it has read, but for `end`.
--
-- A mailbox is the string KEYS[1], so that a script reads it and writes it once: fields of a hash cost a call
-- each time. `token`, `join` and `scanner` are hashes of tokens, the last one empty before the join. It is over
-- `remembered` milliseconds before the key goes. A deposit has `deposit`, the seconds that were asked for, and
-- `lease`, the key's time to live at which others than its scanner can have it. Each lane (d: the displayer's,
-- s: the scanner's) has how many frames were written and how many of them acknowledged, the bytes of the others, the
-- channel of the node on which its writer has waited last, and of each frame the digest and the length. The
-- frames themselves are keys of their own, named by their digest.
local LAYOUT = '<c32c32Bc0BI4I8I8HHI4Bc0HHI4Bc0'
local DIGEST = 16
local ENTRY = DIGEST + 4
local mailbox = KEYS[1]
local d, s = { side = 'd' }, { side = 's' }
local token, join, scanner, ended, deposit, lease, remembered, ttl, left
local box = redis.call('GET', mailbox)
if box then
  local at
  token, join, scanner, ended, deposit, lease, remembered,
    d.count, d.acked, d.bytes, d.node, s.count, s.acked, s.bytes, s.node, at = struct.unpack(LAYOUT, box)
  local scanners = at + ENTRY * d.count
  d.frames, s.frames = string.sub(box, at, scanners - 1), string.sub(box, scanners)
  ttl = redis.call('PTTL', mailbox)
  left = ttl - remembered
end

-- A word, a line's end, and what belongs to it, packed: `answer.rs` reads it.
local function answer(word, packed)
  return word .. '\n' .. (packed or '')
end

-- Whose the mailbox is, and whether it is a deposit.
local function about(own)
  return struct.pack('<Bc1', deposit > 0 and 1 or 0, own.side)
end

-- Writes the mailbox by the call that is given; how long the key lives follows.
local function save(call, ...)
  return call('SET', mailbox, struct.pack(LAYOUT, token, join, #scanner, scanner, ended, deposit, lease, remembered,
    d.count, d.acked, d.bytes, #d.node, d.node, s.count, s.acked, s.bytes, #s.node, s.node)
    .. d.frames .. s.frames, ...)
end

local function empty(lane)
  lane.count, lane.acked, lane.bytes, lane.frames = 0, 0, 0, ''
end

-- Why the mailbox takes no more calls; nil while it does.
local function over()
  return ended == 1 and 'ended' or left <= 0 and 'expired' or nil
end

-- The caller's lane, or why it has none. Who has only the join token is told of an end.
local function lane(by)
  if not token then
    return nil, 'unknown'
  elseif by == token or by == scanner then
    local refused = over()
    return not refused and (by == token and d or s), refused
  end
  return nil, by == join and over() or 'unknown'
end

local function entry(of, number)
  return string.sub(of.frames, ENTRY * (number - 1) + 1, ENTRY * number)
end

local function key(frame)
  return mailbox .. ':' .. string.sub(frame, 1, DIGEST)
end

local function length(frame)
  return (struct.unpack('<I4', frame, DIGEST + 1))
end

-- Adds the keys of a lane's frames from one number to another.
local function keys(list, of, from, to)
  for number = from, to do
    list[#list + 1] = key(entry(of, number))
  end
  return list
end

-- Whether the frame's bytes are there, as they are not when Redis is full; they stay for so long. They are given
-- where they are few: those of others have just been stored by a command of their own.
local function stored(frame, bytes, milliseconds)
  if bytes == '' then
    return redis.call('PEXPIRE', key(frame), milliseconds) == 1
  end
  return not redis.pcall('SET', key(frame), bytes, 'PX', milliseconds).err
end

local function forget(list)
  if #list > 0 then
    redis.call('UNLINK', unpack(list))
  end
end

-- Forgets bytes that have just been stored by a command of their own, and are not wanted.
local function discard(frame, bytes)
  if bytes == '' then
    forget({ key(frame) })
  end
end

-- Lets the node know on which the writer of a lane may wait; the calling one knows. With a frame's bytes, it is handed
-- to that writer there: `subscriber.rs` reads it.
local function wake(other, number, bytes)
  if other.node == '' or other.node == ARGV[2] then
    return
  end
  local message = string.sub(mailbox, 7, -2)
  if bytes and bytes ~= '' then
    message = message .. (other == d and token or scanner) .. struct.pack('<HI8', number, left) .. bytes
  end
  redis.call('PUBLISH', other.node, message)
end

-- What a side reads of the other's lane, after the frames up to `after`, which are acknowledged. Whoever
-- writes next lets `node` know; it is empty where nobody waits. `changed` is whether the mailbox has to be
-- written anyway. Yields what is left of the mailbox's life, how many frames the side itself has written, and the
-- other's; nothing where the side has acknowledged them.
local function read(own, after, node, changed)
  local other = own == d and s or d
  if after < other.acked then
    if changed then
      save(redis.call, 'KEEPTTL')
    end
    return ''
  end
  after = math.min(after, other.count)
  -- A deposit stays until its receipt is there.
  if after > other.acked and not (deposit > 0 and own == s and s.count < 2) then
    -- Forgetting comes first: a full Redis lets a script write that has begun by making room.
    forget(keys({}, other, other.acked + 1, after))
    for number = other.acked + 1, after do
      other.bytes = other.bytes - length(entry(other, number))
    end
    other.acked = after
    changed = true
  end
  local waits = after == other.count and node ~= '' and node ~= own.node
  if waits then
    own.node = node
  end
  if changed then
    save(redis.call, 'KEEPTTL')
  elseif waits then
    -- A full Redis keeps it from being noted, and the writer from writing.
    save(redis.pcall, 'KEEPTTL')
  end
  return struct.pack('<I8H', left, own.count) .. string.sub(other.frames, ENTRY * after + 1)
end

-- What a change has come to, and what its maker reads after it. ARGV ends with the number of the last frame
-- that it has, and with its node, as `read` takes them.
local function done(word, own)
  return answer(word, about(own) .. read(own, tonumber(ARGV[#ARGV - 1]), ARGV[#ARGV], word == 'new'))
end
