-- Every script but `open` has ARGV[1], a token, and ARGV[2], the channel of the node that calls.
-- It answers whether the mailbox is a deposit, a word, and what belongs to it: after a success the
-- caller's side and what it has read, but for `end`.
--
-- A mailbox is the hash KEYS[1]: `token`, `join` and `scanner` are hashes of tokens, `ends` is the
-- end of its life in milliseconds and is taken away when a side ends it: a Redis that is full
-- allows that. Of each lane (d: the displayer's, s: the scanner's) it has `count`, `acked` and
-- `bytes`, and per frame its digest and length. The frames themselves are keys of their own, named
-- by their digest. A deposit has `deposit`, the seconds that were asked for, and `lease`, until when
-- nobody but its scanner can have it. `dnode` and `snode` are the channels of the nodes on which the
-- sides have waited last.
local mailbox = KEYS[1]
local token, join, scanner, ends, deposit, lease =
  unpack(redis.call('HMGET', mailbox, 'token', 'join', 'scanner', 'ends', 'deposit', 'lease'))

local function answer(word, ...)
  return { deposit and 1 or 0, word, ... }
end

local function integer(number)
  return string.format('%.0f', number)
end

local clock

-- A script runs at one moment.
local function now()
  if not clock then
    local time = redis.call('TIME')
    clock = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return clock
end

-- Why the mailbox takes no more calls; nil while it does.
local function over()
  if not ends then
    return 'ended'
  elseif now() >= tonumber(ends) then
    return 'expired'
  end
end

-- The caller's lane, or why it has none. Who has only the join token is told of an end.
local function lane(by)
  if not token then
    return nil, 'unknown'
  elseif by == token or by == scanner then
    local refused = over()
    return not refused and (by == token and 'd' or 's'), refused
  end
  return nil, by == join and over() or 'unknown'
end

local function field(side, name)
  return side .. name
end

local function key(frame)
  return mailbox .. ':' .. string.sub(frame, 1, 32)
end

local function length(frame)
  return tonumber(string.sub(frame, 33))
end

-- The frames of a lane from one number to another, each its digest and its length.
local function frames(side, from, to)
  local names = {}
  for number = from, to do
    names[#names + 1] = field(side, number)
  end
  if #names == 0 then
    return names
  end
  return redis.call('HMGET', mailbox, unpack(names))
end

-- How many frames a lane has had.
local function written(side)
  return tonumber(redis.call('HGET', mailbox, field(side, 'count')))
end

-- The frames of a lane that have not been acknowledged.
local function unread(side)
  local count, acked = unpack(redis.call('HMGET', mailbox, field(side, 'count'), field(side, 'acked')))
  return frames(side, tonumber(acked) + 1, tonumber(count))
end

-- Whether the frame's bytes are there, as they are not when Redis was full; they stay until `last`.
local function stored(frame, last)
  return redis.call('PEXPIREAT', key(frame), last) == 1
end

local function forget(list)
  local keys = {}
  for _, frame in ipairs(list) do
    keys[#keys + 1] = key(frame)
  end
  if #keys > 0 then
    redis.call('UNLINK', unpack(keys))
  end
end

-- Lets a node know on which a side may wait; the calling one knows.
local function tell(node)
  if node and node ~= ARGV[2] then
    redis.call('PUBLISH', node, string.sub(mailbox, 7, -2))
  end
end

local function wake(side)
  tell(redis.call('HGET', mailbox, field(side, 'node')))
end

-- What a side reads of the other's lane, after the frames up to `after`, which are acknowledged. Whoever
-- writes next lets `node` know; it is empty where nobody waits.
local function read(side, after, node)
  -- A full Redis keeps it from being noted, and the writer from writing.
  local function wait(known)
    if node ~= '' and node ~= known then
      redis.pcall('HSET', mailbox, field(side, 'node'), node)
    end
  end

  local left = tonumber(ends) - now()
  if not scanner and not deposit then
    wait()
    return { 'unread', left, 0 }
  end
  local other = side == 'd' and 's' or 'd'
  local own, count, acked, bytes, known = unpack(redis.call('HMGET', mailbox, field(side, 'count'),
    field(other, 'count'), field(other, 'acked'), field(other, 'bytes'), field(side, 'node')))
  count, acked, bytes, after = tonumber(count), tonumber(acked), tonumber(bytes), tonumber(after)
  if after < acked then
    return { 'acknowledged' }
  end
  after = math.min(after, count)
  -- A deposit stays until its receipt is there.
  if after > acked and not (deposit and side == 's' and written('s') < 2) then
    local seen = frames(other, acked + 1, after)
    for _, frame in ipairs(seen) do
      bytes = bytes - length(frame)
    end
    -- Forgetting comes first: a full Redis lets a script write that has begun by making room.
    forget(seen)
    redis.call('HSET', mailbox, field(other, 'acked'), after, field(other, 'bytes'), bytes)
  end
  if after == count then
    wait(known)
  end
  local unread = { 'unread', left, own }
  for _, frame in ipairs(frames(other, after + 1, count)) do
    unread[#unread + 1] = key(frame)
  end
  return unread
end

-- What a change has come to, and what its maker reads after it. ARGV ends with the number of the last frame
-- that it has, and with its node, as `read` takes them.
local function done(word, side)
  return answer(word, side, read(side, ARGV[#ARGV - 1], ARGV[#ARGV]))
end
