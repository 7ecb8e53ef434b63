-- Writes into meta what an operator has decided about a lane that is halted, or nothing.
--
-- Whoever owns the lane stands elsewhere afterwards, and takes over again. A commit whose answer was lost is not
-- recognised any more: its lane did not know of the decision.
--
-- KEYS: meta. ARGV: the ver that the operator has seen ('' for any), number of values, (field, value, ...), then the
-- fields to remove.
local meta = KEYS[1]
local ver, count = ARGV[1], tonumber(ARGV[2])
local stored = redis.call('HGET', meta, 'ver')
if not stored or (ver ~= '' and stored ~= ver) then
  return {'MOVED', stored or ''}
end
if count > 0 then
  redis.call('HSET', meta, unpack(ARGV, 3, 2 + count))
end
if #ARGV > 2 + count then
  redis.call('HDEL', meta, unpack(ARGV, 3 + count, #ARGV))
end
redis.call('HSET', meta, 'commit', '')
redis.call('HINCRBY', meta, 'ver', 1)
return {'OK'}
