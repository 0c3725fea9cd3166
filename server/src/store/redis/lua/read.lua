if refused then
  return refused .. '\n'
end
local is_new, is_changed, lasts = false, false, nil
