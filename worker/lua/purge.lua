-- Remove dead letters for good, and count them.
--
-- KEYS  1 counters  2 dead  3 kinds  4 ledger  5 event ids  6 acts, then sets of kinds
-- ARGV  1 why, '' when a person wants it  2 the step of an act, then
--       per letter: its id, and which of the sets it stands in, from 1
-- Steps A letter that was changed into another kind meanwhile stays.
--       The act counts the removed letters in the same step.
-- Returns how many were removed.

local found, removed = found_by(2), 0
for arg = 3, #ARGV, 2 do
  local id, set = ARGV[arg], KEYS[6 + tonumber(ARGV[arg + 1])]
  local letter = redis.call('HGET', found.dead, id)
  if is_of(letter, set) then
    remove_letter(found, set, id, letter)
    removed = removed + 1
  end
end
if removed > 0 then
  redis.call('HINCRBY', KEYS[1], 'purged', removed)
  if ARGV[1] ~= '' then
    redis.call('HINCRBY', KEYS[1], 'purged:' .. ARGV[1], removed)
  end
end
note_step(KEYS[6], ARGV[2], removed)
return removed
