-- Writes all that one batch changes, or nothing.
--
-- A script is not rolled back when one of its commands fails. So all that can fail is checked before the
-- first write, or is the first write: that of an outbox entry or of meta, which Redis refuses when its memory is
-- full (after it, Redis lets a script finish). Only strings are compared: Lua's numbers lose digits.
--
-- KEYS: meta, timers, board, outbox, journal, outcomes, erased, one that is never there (a Redis Cluster that is
-- moving the lane to another node then refuses this script before it begins), the history of each lead with changes.
-- ARGV: token, commit id, ver, number of the last outbox entry before the new ones ('' if there are none),
-- longest history, number of new outbox entries, longest outcomes; then sections, each with its length before it:
--   the topics' offset fields; the offsets that they must have (a field not there yet may have any);
--   for each new outbox entry (id, field, value, ...);
--   meta (field, value, ...); leads of which nothing stays, their lists of outcomes, all their other keys;
--   how many outbox entries to replace, and each (id, field, value, ...); states (key, state, ...); board (bound, lead, ...);
--   timers (ms, lead, ...); timers to remove (lead, ...);
--   for each history its new entries, oldest first;
--   the id of the first outbox entry to keep, if any; the journal's entry, if any; the new outcomes;
--   erasures (hash, ms, ...).
-- The states' keys carry the hash tag of KEYS. They come beside their values because to build the MSET here
-- would cost more than all else.
local meta, timers, board, outbox, journal, outcomes, erased = unpack(KEYS, 1, 7)
local token, commit_id, ver, last_entry, longest_history, new_entries, longest_outcomes = unpack(ARGV, 1, 7)

local CHUNK = 2000 -- `unpack` of 8,000 values overflows Lua's stack; an even number keeps pairs together
local FIRST_HISTORY = 9 -- of KEYS
local at = 8

-- Steps over the next section; returns the places of its first value and its last.
local function section()
  local first = at + 1
  at = first + tonumber(ARGV[at])
  return first, at - 1
end

-- Runs `command` on `key` with the values of the next section, if it has any.
local function write(command, key)
  local first, last = section()
  for from = first, last, CHUNK do
    redis.call(command, key, unpack(ARGV, from, math.min(from + CHUNK - 1, last)))
  end
end

-- Puts other entries in the place of some that stand in the outbox. A stream takes no entry before its last one:
-- so all from the first of these on are taken out and added again.
local function replace_entries()
  local places, count = {}, tonumber(ARGV[at])
  local first_id
  at = at + 1
  for _ = 1, count do
    local first, last = section()
    first_id = first_id or ARGV[first]
    places[ARGV[first]] = { unpack(ARGV, first + 1, last) }
  end
  if not first_id then
    return
  end
  local entries = redis.call('XRANGE', outbox, first_id, '+')
  for _, entry in ipairs(entries) do
    redis.call('XDEL', outbox, entry[1])
  end
  redis.call('XSETID', outbox, string.format('%.0f-0', tonumber(string.match(first_id, '^%d+')) - 1))
  for _, entry in ipairs(entries) do
    redis.call('XADD', outbox, entry[1], unpack(places[entry[1]] or entry[2]))
  end
end

-- Check.
local stored = redis.call('HMGET', meta, 'token', 'commit', 'ver', 'outbox')
if not stored[1] then
  return {'REWOUND', 'token', token, ''}
end
if stored[1] ~= token then
  return {'FENCED'}
end
if stored[2] == commit_id then
  return standing(meta, timers, outbox)
end
if stored[3] ~= ver then
  return {'REWOUND', 'ver', ver, stored[3]}
end
local fields, fields_last = section()
local expected = section()
if fields <= fields_last then
  for i, offset in ipairs(redis.call('HMGET', meta, unpack(ARGV, fields, fields_last))) do
    if offset and offset ~= ARGV[expected + i - 1] then
      return {'REWOUND', ARGV[fields + i - 1], ARGV[expected + i - 1], offset}
    end
  end
end
local refused = wrong_type(timers, 'zset') or wrong_type(board, 'zset') or wrong_type(outbox, 'stream')
  or wrong_type(journal, 'stream') or wrong_type(outcomes, 'stream') or wrong_type(erased, 'hash')
for i = FIRST_HISTORY, #KEYS do
  refused = refused or wrong_type(KEYS[i], 'list')
end
if last_entry ~= '' and stored[4] ~= last_entry then
  refused = refused or {'REFUSED', 'outbox', stored[4] or '', last_entry}
end
if refused then
  return refused
end

-- Write. XADD fails if somebody else has put a later entry into the stream: so it comes first.
for _ = 1, tonumber(new_entries) do
  write('XADD', outbox)
end
write('HSET', meta)
local first, last = section()
for from = first, last, CHUNK do
  local gone = { unpack(ARGV, from, math.min(from + CHUNK - 1, last)) }
  redis.call('ZREM', timers, unpack(gone))
  redis.call('ZREM', board, unpack(gone))
end
first, last = section()
for i = first, last do
  for _, id in ipairs(redis.call('LRANGE', ARGV[i], 0, -1)) do
    redis.call('XDEL', outcomes, id)
  end
  redis.call('DEL', ARGV[i])
end
first, last = section()
for i = first, last do
  redis.call('DEL', ARGV[i])
end
replace_entries()
first, last = section()
for from = first, last, CHUNK do
  redis.call('MSET', unpack(ARGV, from, math.min(from + CHUNK - 1, last)))
end
write('ZADD', board)
write('ZADD', timers)
write('ZREM', timers)
for i = FIRST_HISTORY, #KEYS do
  write('LPUSH', KEYS[i])
  redis.call('LTRIM', KEYS[i], 0, longest_history - 1)
end
first, last = section()
if first <= last then
  redis.call('XTRIM', outbox, 'MINID', ARGV[first])
end
first, last = section()
if first <= last then
  redis.call('XADD', journal, '*', 'entry', ARGV[first])
end
first, last = section()
for i = first, last, 2 do
  local id = redis.call('XADD', outcomes, 'MAXLEN', '~', longest_outcomes, '*', 'outcome', ARGV[i + 1])
  redis.call('RPUSH', ARGV[i], id)
  redis.call('LTRIM', ARGV[i], -longest_history, -1)
end
write('HSET', erased)
return standing(meta, timers, outbox)
