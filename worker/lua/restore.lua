-- Put an exported letter among the dead letters, unless it is there, or one of the same event.
--
-- KEYS  1 counters  2 sequence, then the index of dead letters from `dead` on, acts, erasing,
--       and last: the set of its kind
-- ARGV  1 the letter as it is to stand in `dead`  2 its kind, JSON
--       3 the id that it was exported with  4 the id that it is to have
--       5 its destination  6 its event's name  7 '1' to look only
--       8 the step of an act, which counts it in the same step
-- Steps An event of the same event_id, name and destination is the same event.
--       If the id belongs to another letter, which came from another server, a new one is made.
-- Returns 1, 0 when it was there, or -1 while a data subject is erased.

local CANDIDATES = 100 -- letters of one event_id, which should be one
local found, set = found_by(3), KEYS[#KEYS]
local acts, erasing = KEYS[#KEYS - 2], KEYS[#KEYS - 1]
local event_id = header_of(ARGV[1]).event_id

local function is_same(stored)
  if stored == ARGV[1] then
    return true
  elseif event_id == '' or header_of(stored).event_id ~= event_id then
    return false
  end
  local known, letter = pcall(cjson.decode, string.match(stored, '\n(.*)$'))
  local name = known and letter.event ~= cjson.null and letter.event or ''
  return known and letter.destination == ARGV[5] and name == ARGV[6]
end

local function is_there(id)
  local stored = redis.call('HGET', found.dead, id)
  return stored and is_same(stored)
end

if is_there(ARGV[3]) or is_there(ARGV[4]) then
  return 0
end
if event_id ~= '' then
  local word = event_id .. '\0'
  for _, member in ipairs(redis.call('ZRANGEBYLEX', found.event_ids,
      '[' .. word, '(' .. word .. '\255', 'LIMIT', 0, CANDIDATES)) do
    if is_there(string.sub(member, #word + 1)) then
      return 0
    end
  end
end
if ARGV[7] == '1' then
  return 1
end
if is_erasing(erasing) then
  return -1
end

local id = ARGV[4]
if redis.call('HEXISTS', found.dead, id) == 1 then
  id = shard_prefix(KEYS[1]) .. text(redis.call('INCR', KEYS[2])) .. '-0i'
end
local one = burial()
add_letter(one, set, ARGV[2], id, ARGV[1])
bury_all(found, one)
redis.call('HINCRBY', KEYS[1], 'imported', 1)
note_step(acts, ARGV[8], 1)
return 1
