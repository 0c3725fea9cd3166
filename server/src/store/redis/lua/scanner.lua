-- Who joins is the scanner.
local side = 's'
