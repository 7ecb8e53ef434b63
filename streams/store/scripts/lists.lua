-- Reads many lists by one call. KEYS: the lists. ARGV: how much of each, from its beginning.
local answer = {}
for i = 1, #KEYS do
  answer[i] = redis.call('LRANGE', KEYS[i], 0, ARGV[1] - 1)
end
return answer
