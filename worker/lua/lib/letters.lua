-- Stands before the scripts that make or remove dead letters: how a letter is found and
-- counted changes here only.
--
-- A letter stands in `dead` as one line and its JSON. The line, between blanks:
--       digest of its kind, deadline (s), hour of the deadline, hour of death,
--       value in thousandths of its currency, event_id or nothing
-- `found` are the keys {dead, kinds, ledger, event_ids}, `set` is that of a kind.

-- What the ids of dead letters begin with, so that no two shards make the same: `3.` in shard 3.
local function shard_prefix(key)
  local shard = string.match(key, '{(%d+)%.')
  return shard and shard ~= '0' and shard .. '.' or ''
end

local function header_of(letter)
  local kind, deadline, deadline_hour, died_hour, value, event_id =
    string.match(letter, '^(%x+) (%S+) (%-?%d+) (%-?%d+) (%-?%d+) ([^\n]*)\n')
  return {
    kind = kind,
    deadline = deadline,
    cell = kind .. '|' .. deadline_hour .. '|' .. died_hour,
    value = tonumber(value),
    event_id = event_id,
  }
end

local function found_by(first)
  return {
    dead = KEYS[first],
    kinds = KEYS[first + 1],
    ledger = KEYS[first + 2],
    event_ids = KEYS[first + 3],
  }
end

-- An entry is '<letters> <sum of values>'. The sum is not HINCRBY's: what overflows there is
-- an error, and nothing may keep an event from being buried.
local function tally(found, cell, by, worth)
  local known = redis.call('HGET', found.ledger, cell) or '0 0'
  local letters, value = string.match(known, '^(%d+) (%-?%d+)$')
  letters, value = letters + by, value + worth
  if letters > 0 then
    redis.call('HSET', found.ledger, cell, text(letters) .. ' ' .. text(value))
  else
    redis.call('HDEL', found.ledger, cell)
  end
end

local function append(list, one, other)
  list[#list + 1] = one
  list[#list + 1] = other
end

local function write(command, key, arguments)
  for first = 1, #arguments, 1000 do
    redis.call(command, key, unpack(arguments, first, math.min(first + 999, #arguments)))
  end
end

-- A batch may bury all its events: they are collected, and written with few commands.
local function burial()
  return {letters = {}, event_ids = {}, kinds = {}, sets = {}, cells = {}}
end

local function add_letter(burial, set, kind, id, letter)
  local header = header_of(letter)
  append(burial.letters, id, letter)
  if not burial.sets[set] then
    burial.sets[set] = {}
    append(burial.kinds, header.kind, kind)
  end
  append(burial.sets[set], header.deadline, id)
  local cell = burial.cells[header.cell] or {0, 0}
  burial.cells[header.cell] = {cell[1] + 1, cell[2] + header.value}
  if header.event_id ~= '' then
    append(burial.event_ids, 0, header.event_id .. '\0' .. id)
  end
end

local function bury_all(found, burial)
  write('HSET', found.dead, burial.letters)
  write('HSET', found.kinds, burial.kinds)
  write('ZADD', found.event_ids, burial.event_ids)
  for set, places in pairs(burial.sets) do
    write('ZADD', set, places)
  end
  for cell, sums in pairs(burial.cells) do
    tally(found, cell, sums[1], sums[2])
  end
end

local function remove_letter(found, set, id, letter)
  local header = header_of(letter)
  redis.call('HDEL', found.dead, id)
  redis.call('ZREM', set, id)
  if redis.call('EXISTS', set) == 0 then
    redis.call('HDEL', found.kinds, header.kind)
  end
  tally(found, header.cell, -1, -header.value)
  if header.event_id ~= '' then
    redis.call('ZREM', found.event_ids, header.event_id .. '\0' .. id)
  end
end

local function is_of(letter, set)
  return letter and string.sub(letter, 1, 16) == string.sub(set, -16)
end

