-- Accept an event and bury it at once: it can never enter an outbox.
--
-- KEYS  1 sequence  2 counters  3 dead  4 kinds  5 ledger  6 event ids  7 set of its kind
--       8 figures:journal
-- ARGV  1 dead letter as it is to stand in `dead`  2 its kind, JSON  3 reason
--       4 its destination and what it adds to the figures, as the journal has them
-- Steps It has no receipt: nothing by which somebody could ask for it was read.
-- Returns the dead letter's id.

local id = shard_prefix(KEYS[1]) .. text(redis.call('INCR', KEYS[1])) .. '-0'
local one = burial()
add_letter(one, KEYS[7], ARGV[2], id, ARGV[1])
bury_all(found_by(3), one)
redis.call('HINCRBY', KEYS[2], 'accepted', 1)
redis.call('HINCRBY', KEYS[2], 'dead:' .. ARGV[3], 1)
redis.call('HINCRBY', KEYS[2], 'died_unnamed', 1)
redis.call('RPUSH', KEYS[8], '[' .. this_hour() .. ',' .. ARGV[4] .. ']')
return id
