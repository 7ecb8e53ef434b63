-- Reads a page of the board, and which Redis it was read of: to another one, and after a restart, a cursor means
-- nothing.
--
-- KEYS: board. ARGV: cursor, how many to look at.
local page = redis.call('ZSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
return {string.match(redis.call('INFO', 'server'), 'run_id:(%x+)'), page[1], page[2]}
