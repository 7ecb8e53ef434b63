-- KEYS: meta, timers, outbox. ARGV: token.
return not_owner(KEYS[1], ARGV[1]) or standing(KEYS[1], KEYS[2], KEYS[3])
