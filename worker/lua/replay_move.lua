-- Move some dead letters of one destination back into its outbox, and remember how far it came.
--
-- KEYS  1 ready  2 outbox  3 state  4 attempts  5 counters  6 sequence
--       7 replays  8 the replay  9 its places  10 erasing  11 its letters
--       then the keys that letters are found by, and the sets of their kinds
-- ARGV  1 number of the replay  2 fence  4 destination
--       3 lease, ms; '' in another shard than that of its order, which has the lease
--       5 place it had reached, or ''  6 place behind these letters
--       7 room: nothing goes while so many events wait  8 until when its rate is used up, Unix s
--       9 expired  10 ambiguous  11 no destination: letters that were skipped
--       12 how many letters are known one by one, then per letter:
--       id, the letter as it was read, block JSON, attempts JSON, KEYS of its set, what it is
-- Steps Nothing moves unless the replay runs, the caller has it on lease and this step was not
--       made before. Nothing moves to a destination that is parked, backing off or full,
--       or while a data subject is erased.
--       A letter that is gone, or not as it was read, is passed over; any other leaves the
--       dead letters and becomes a block of one event.
--       Counts, place and lease follow in the same step.
-- Returns {what, letters moved}: 0 moved, 1 not held, 2 parked, 3 backing off, 4 full,
--       5 a data subject is erased.

local MOVED, NOT_HELD, PARKED, BACKING_OFF, FULL, ERASING = 0, 1, 2, 3, 4, 5
local FIRST_INDEX_KEY, FIRST_LETTER, PARTS = 12, 13, 6
local outbox, state, replay, places = KEYS[2], KEYS[3], KEYS[8], KEYS[9]
local destination = ARGV[4]

local function is_held()
  local known = redis.call('HMGET', replay, 'state', 'fence')
  return known[1] == 'running' and known[2] == ARGV[2]
    and (redis.call('HGET', places, destination) or '') == ARGV[5]
end

local function closed()
  local known = redis.call('HMGET', state, 'parked', 'failures', 'not_before', 'waiting')
  if known[1] then
    return PARKED
  elseif known[2] and tonumber(known[3] or '0') > now then
    return BACKING_OFF
  end
  return tonumber(known[4] or '0') >= tonumber(ARGV[7]) and FULL
end

if not is_held() then
  return {NOT_HELD, 0}
end
local why = #ARGV >= FIRST_LETTER and (is_erasing(KEYS[10]) and ERASING or closed())
if why then
  return {why, 0}
end

local found, moved = found_by(FIRST_INDEX_KEY), 0
for arg = FIRST_LETTER, #ARGV, PARTS do
  local id, letter, block, attempts, set, facts = unpack(ARGV, arg, arg + PARTS - 1)
  if redis.call('HGET', found.dead, id) == letter then
    local _, block_id = add_block(outbox, KEYS[6], 1, block)
    redis.call('HSET', KEYS[4], block_id, attempts)
    remove_letter(found, KEYS[tonumber(set)], id, letter)
    if redis.call('HLEN', KEYS[11]) < tonumber(ARGV[12]) then
      redis.call('HSET', KEYS[11], id, facts)
    end
    moved = moved + 1
  end
end
if moved > 0 then
  redis.call('HINCRBY', KEYS[5], 'replayed', moved)
  redis.call('HINCRBY', state, 'waiting', moved)
  make_due(KEYS[1], destination, state, now)
end

redis.call('HSET', places, destination, ARGV[6])
redis.call('HINCRBY', replay, 'replayed', moved)
redis.call('HINCRBY', replay, 'skipped_expired', ARGV[9])
redis.call('HINCRBY', replay, 'skipped_ambiguous', ARGV[10])
redis.call('HINCRBY', replay, 'skipped_no_destination', ARGV[11])
if ARGV[3] ~= '' then
  local lease_ends = now + tonumber(ARGV[3])
  redis.call('HSET', replay, 'paid_until', ARGV[8], 'lease_until', text(lease_ends))
  redis.call('ZADD', KEYS[7], lease_ends, ARGV[1])
end
return {MOVED, moved}
