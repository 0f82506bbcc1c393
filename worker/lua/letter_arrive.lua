-- Put a dead letter of another shard where its destination's are; it leaves there in a second step.
--
-- KEYS  1 counters, then the index of dead letters from `dead` on, erasing, set of its kind
-- ARGV  1 its id  2 the letter as it stands there  3 its kind, JSON
-- Returns 1, 0 when it is here, or -1 while a data subject is erased.

if is_erasing(KEYS[6]) then
  return -1
end
local found = found_by(2)
if redis.call('HEXISTS', found.dead, ARGV[1]) == 1 then
  return 0
end
local one = burial()
add_letter(one, KEYS[7], ARGV[3], ARGV[1], ARGV[2])
bury_all(found, one)
redis.call('HINCRBY', KEYS[1], 'letters_arrived', 1)
return 1
