-- Put before each script: Lua in Redis has no include.

-- Where a lane stands: ver, Redis's time in ms, the next timer ('' for none), the outbox's length.
local function standing(meta, timers, outbox)
  local clock = redis.call('TIME')
  local millis = string.format('%03d', math.floor(tonumber(clock[2]) / 1000))
  local first = redis.call('ZRANGE', timers, 0, 0, 'WITHSCORES')
  return {'OK', redis.call('HGET', meta, 'ver'), clock[1] .. millis, first[2] or '', redis.call('XLEN', outbox)}
end

-- The refusal to who does not own the lane (any more), or nil.
local function not_owner(meta, token)
  local owner = redis.call('HGET', meta, 'token')
  if not owner then
    return {'REWOUND', 'token', token, ''}
  end
  if owner ~= token then
    return {'FENCED'}
  end
end

-- The refusal to write to a key that is there and has another type, or nil. Writing to it would fail, and
-- Redis does not roll back what a script wrote before.
local function wrong_type(key, expected)
  local found = redis.call('TYPE', key)['ok']
  if found ~= 'none' and found ~= expected then
    return {'REFUSED', 'type', key, found, expected}
  end
end
