-- Removes whole keys of a lane, for its owner only.
--
-- KEYS: meta, then the keys to remove (meta may be one of them). ARGV: token.
local owner = redis.call('HGET', KEYS[1], 'token')
if not owner then
  return {'REWOUND', 'token', ARGV[1], ''}
end
if owner ~= ARGV[1] then
  return {'FENCED'}
end
redis.call('UNLINK', unpack(KEYS, 2))
return {'EMPTY'}
