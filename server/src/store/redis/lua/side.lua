-- The caller's side, d or s, or why it has none. Who has only the join token is told of an end.
local side
if not box then
  refused = 'unknown'
elseif by == token then
  side = 'd'
elseif by == scanner then
  side = 's'
elseif by ~= join or not refused then
  refused = 'unknown'
end
