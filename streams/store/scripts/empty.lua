-- Removes whole keys of a lane, for its owner only.
--
-- KEYS: meta, then the keys to remove (meta may be one of them). ARGV: token.
local refused = not_owner(KEYS[1], ARGV[1])
if refused then
  return refused
end
redis.call('UNLINK', unpack(KEYS, 2))
return {'EMPTY'}
