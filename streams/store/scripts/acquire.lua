-- Makes the caller the owner of a lane, or refuses.
--
-- KEYS: meta, timers, board, outbox, journal, the state and the history of any lead (for the user's rights).
-- ARGV: token, layout, environment, format, the lineage of a lane that has none yet, '1' for a rebuild ('' for all
-- others: refused while one is under way).
local meta, timers, board, outbox, journal, lead, history = unpack(KEYS)
local token, layout, environment, format, lineage, rebuilds = unpack(ARGV)

-- Check.
local refused = wrong_type(meta, 'hash') or wrong_type(timers, 'zset') or wrong_type(board, 'zset')
  or wrong_type(outbox, 'stream') or wrong_type(journal, 'stream')
if refused then
  return refused
end
local stored = redis.call('HMGET', meta, 'layout', 'environment', 'format', 'rebuild')
if stored[1] and stored[1] ~= layout then
  return {'REFUSED', 'layout', stored[1], layout}
end
if stored[2] and stored[2] ~= environment then
  return {'REFUSED', 'environment', stored[2], environment}
end
if stored[3] and tonumber(stored[3]) > tonumber(format) then
  return {'REFUSED', 'format', stored[3], format}
end
if stored[4] and rebuilds == '' then
  return {'REBUILT'}
end

-- A command that the user may not run would fail in the middle of a commit. (Redis 6.2 cannot tell.)
if redis.acl_check_cmd then
  local commands = {
    {'HSET', meta, 'f', 'v'}, {'MSET', lead, 'v'},
    {'ZADD', board, '1', 'm'}, {'ZADD', timers, '1', 'm'}, {'ZREM', timers, 'm'},
    {'LPUSH', history, 'v'}, {'LTRIM', history, '0', '1'},
    {'XADD', outbox, '*', 'f', 'v'}, {'XADD', journal, '*', 'f', 'v'}, {'XTRIM', outbox, 'MINID', '1'},
    {'XRANGE', outbox, '-', '+'}, {'XDEL', outbox, '1'}, {'XSETID', outbox, '1'},
    {'ZREM', board, 'm'}, {'RPUSH', history, 'v'}, {'LRANGE', history, '0', '1'}, {'DEL', lead},
  }
  for _, command in ipairs(commands) do
    if not redis.acl_check_cmd(unpack(command)) then
      return {'REFUSED', 'rights', command[1], command[2]}
    end
  end
end

-- Write.
local known = redis.call('HMGET', meta, 'ver', 'timeline', 'outbox', 'lineage')
redis.call('HSET', meta, 'token', token, 'layout', layout, 'environment', environment, 'format', format,
  'ver', known[1] or '0', 'timeline', known[2] or '1', 'outbox', known[3] or '0', 'lineage', known[4] or lineage)
if rebuilds ~= '' and not stored[4] then
  redis.call('HSET', meta, 'rebuild', 'begun')
end
local answer = standing(meta, timers, outbox)
answer[6] = redis.call('HGETALL', meta)
return answer
