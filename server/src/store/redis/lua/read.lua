-- ARGV: token.
if refused then
  return refused .. '\n'
end
local word, is_changed, head, lasts = 'read', false, nil, nil
