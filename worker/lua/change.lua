-- Put another letter in the place of one, if it still is what it was.
--
-- KEYS  1 dead  2 kinds  3 ledger  4 event ids  5 set of the old kind  6 set of the new
--       7 acts  8 erasing
-- ARGV  1 dead letter id  2 the letter as it was read  3 the new one  4 its kind, JSON
--       5 the step of an act, which counts it in the same step
-- Returns 1, 0 when the letter is gone or was changed meanwhile, or -1 while a data subject is erased.

if is_erasing(KEYS[8]) then
  return -1
end
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return 0
end
local found, one = found_by(1), burial()
remove_letter(found, KEYS[5], ARGV[1], ARGV[2])
add_letter(one, KEYS[6], ARGV[4], ARGV[1], ARGV[3])
bury_all(found, one)
note_step(KEYS[7], ARGV[5], 1)
return 1
