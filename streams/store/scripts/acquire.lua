-- Makes the caller the owner of a lane, or refuses.
--
-- KEYS: meta, timers, board, outbox, journal, outcomes, erased; then, for the user's rights, of any lead the state,
-- the profile, the history and the list of its outcomes.
-- ARGV: token, layout, environment, format, the lineage of a lane that has none yet, '1' for a rebuild ('' for all
-- others: refused while one is under way).
local meta, timers, board, outbox, journal, outcomes, erased, lead, profile, history, told = unpack(KEYS)
local token, layout, environment, format, lineage, rebuilds = unpack(ARGV)

-- A command that the user may not run would fail in the middle of a commit, and later of what an operator or a
-- rebuild does: so each that any script runs is asked for, on each kind of key. (Redis 6.2 cannot tell.)
if redis.acl_check_cmd then
  local commands = {
    {'TIME'}, {'INFO'}, {'TYPE', meta}, {'HGET', meta, 'f'}, {'HMGET', meta, 'f'}, {'HGETALL', meta}, {'HSET', meta, 'f', 'v'},
    {'HDEL', meta, 'f'}, {'HINCRBY', meta, 'f', '1'}, {'UNLINK', meta},
    {'HSET', erased, 'f', 'v'}, {'UNLINK', erased},
    {'ZRANGE', timers, '0', '0'}, {'ZADD', timers, '1', 'm'}, {'ZREM', timers, 'm'}, {'UNLINK', timers},
    {'ZADD', board, '1', 'm'}, {'ZREM', board, 'm'}, {'ZSCAN', board, '0'}, {'UNLINK', board},
    {'XLEN', outbox}, {'XRANGE', outbox, '-', '+'}, {'XADD', outbox, '*', 'f', 'v'}, {'XDEL', outbox, '1'},
    {'XSETID', outbox, '1'}, {'XTRIM', outbox, 'MINID', '1'}, {'UNLINK', outbox},
    {'XADD', journal, '*', 'f', 'v'}, {'UNLINK', journal},
    {'XADD', outcomes, '*', 'f', 'v'}, {'XDEL', outcomes, '1'}, {'UNLINK', outcomes},
    {'MSET', lead, 'v', profile, 'v'}, {'DEL', lead}, {'DEL', profile},
    {'LPUSH', history, 'v'}, {'LTRIM', history, '0', '1'}, {'LRANGE', history, '0', '1'}, {'DEL', history},
    {'RPUSH', told, 'v'}, {'LTRIM', told, '0', '1'}, {'LRANGE', told, '0', '1'}, {'DEL', told},
  }
  for _, command in ipairs(commands) do
    if not redis.acl_check_cmd(unpack(command)) then
      return {'REFUSED', 'rights', command[1], command[2] or ''}
    end
  end
end

-- Check.
local refused = wrong_type(meta, 'hash') or wrong_type(timers, 'zset') or wrong_type(board, 'zset')
  or wrong_type(outbox, 'stream') or wrong_type(journal, 'stream') or wrong_type(outcomes, 'stream')
  or wrong_type(erased, 'hash')
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
