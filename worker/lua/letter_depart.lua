-- Take a dead letter out of a shard, because it stands in another now.
--
-- KEYS  1 counters, then the index of dead letters from `dead` on, set of its kind
-- ARGV  1 its id  2 the letter as it stands there
-- Returns 1, or 0 when it is gone, or not what it was.

local found = found_by(2)
if redis.call('HGET', found.dead, ARGV[1]) ~= ARGV[2] then
  return 0
end
remove_letter(found, KEYS[6], ARGV[1], ARGV[2])
redis.call('HINCRBY', KEYS[1], 'letters_departed', 1)
return 1
