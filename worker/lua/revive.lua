-- Move one dead letter back into its outbox, once.
--
-- KEYS  1 ready  2 outbox  3 state  4 attempts  5 counters  6 sequence
--       7 dead  8 kinds  9 ledger  10 event ids  11 set of its kind
-- ARGV  1 destination  2 dead letter id  3 the letter as it was read  4 block, JSON  5 attempts JSON
-- Steps the letter must still be as it was read; it leaves the dead letters and becomes
--       a block of one event, due now unless its destination is parked or backing off.
-- Returns 1, or 0 when the letter is gone or was changed meanwhile.

if redis.call('HGET', KEYS[7], ARGV[2]) ~= ARGV[3] then
  return 0
end
local _, id = add_block(KEYS[2], KEYS[6], 1, ARGV[4])
redis.call('HSET', KEYS[4], id, ARGV[5])
remove_letter(found_by(7), KEYS[11], ARGV[2], ARGV[3])
redis.call('HINCRBY', KEYS[5], 'replayed', 1)
redis.call('HINCRBY', KEYS[3], 'waiting', 1)

make_due(KEYS[1], ARGV[1], KEYS[3], now)
return 1
