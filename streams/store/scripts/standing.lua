-- KEYS: meta, timers, outbox. ARGV: token.
local owner = redis.call('HGET', KEYS[1], 'token')
if not owner then
  return {'REWOUND', 'token', ARGV[1], ''}
end
if owner ~= ARGV[1] then
  return {'FENCED'}
end
return standing(KEYS[1], KEYS[2], KEYS[3])
