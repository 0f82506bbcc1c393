-- Stands before the scripts that make or remove dead letters: how a letter is found and
-- counted changes here only.
--
-- A letter stands in `dead` as one line and its JSON. The line, between blanks:
--       digest of its kind, deadline (s), hour of the deadline, hour of death,
--       value in thousandths of its currency, event_id or nothing
-- `found` are the keys {dead, kinds, ledger, event_ids}, `set` is that of a kind.

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
local function tally(found, header, by)
  local known = redis.call('HGET', found.ledger, header.cell) or '0 0'
  local letters, value = string.match(known, '^(%d+) (%-?%d+)$')
  letters, value = letters + by, value + by * header.value
  if letters > 0 then
    redis.call('HSET', found.ledger, header.cell, text(letters) .. ' ' .. text(value))
  else
    redis.call('HDEL', found.ledger, header.cell)
  end
end

local function add_letter(found, set, kind, id, letter)
  local header = header_of(letter)
  redis.call('HSET', found.dead, id, letter)
  redis.call('ZADD', set, header.deadline, id)
  redis.call('HSETNX', found.kinds, header.kind, kind)
  tally(found, header, 1)
  if header.event_id ~= '' then
    redis.call('ZADD', found.event_ids, 0, header.event_id .. '\0' .. id)
  end
end

local function remove_letter(found, set, id, letter)
  local header = header_of(letter)
  redis.call('HDEL', found.dead, id)
  redis.call('ZREM', set, id)
  if redis.call('EXISTS', set) == 0 then
    redis.call('HDEL', found.kinds, header.kind)
  end
  tally(found, header, -1)
  if header.event_id ~= '' then
    redis.call('ZREM', found.event_ids, header.event_id .. '\0' .. id)
  end
end

local function is_of(letter, set)
  return letter and string.sub(letter, 1, 16) == string.sub(set, -16)
end

