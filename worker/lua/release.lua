-- Move delayed events whose time has come into their outboxes.
--
-- KEYS  1 ready  2 sequence  3 delayed  4 delayed:events  5 delayed:ids
--       then per destination: outbox, state
-- ARGV  1 events of one block  2 bytes of one block
--       then per destination: name, number of event keys, the keys in the order of their times
-- Steps An event that was cancelled, released or put off meanwhile is passed over; any other
--       leaves the delayed events and enters a block. Its destination counts it as waiting, and
--       is due now: not before its back-off ends, and not at all while it is parked.
-- Returns how many were moved. They counted as accepted when the client tracked them.

local most_events, most_bytes = tonumber(ARGV[1]), tonumber(ARGV[2])

local function bodies_of(first, count)
  local bodies = {}
  for i = first, first + count - 1 do
    local due = redis.call('ZSCORE', KEYS[3], ARGV[i])
    if due and tonumber(due) <= now then
      redis.call('ZREM', KEYS[3], ARGV[i])
      redis.call('ZREM', KEYS[5], ARGV[i])
      bodies[#bodies + 1] = redis.call('HGET', KEYS[4], ARGV[i])
      redis.call('HDEL', KEYS[4], ARGV[i])
    end
  end
  return bodies
end

local function append(outbox, bodies)
  local block, bytes = {}, 1
  local function close()
    if #block > 0 then
      add_block(outbox, KEYS[2], #block, '[' .. table.concat(block, ',') .. ']')
      block, bytes = {}, 1
    end
  end
  for _, body in ipairs(bodies) do
    if #block == most_events or bytes + #body + 1 > most_bytes then
      close()
    end
    block[#block + 1] = body
    bytes = bytes + #body + 1
  end
  close()
end

local moved, arg, key = 0, 3, 6
while ARGV[arg] do
  local name, count = ARGV[arg], tonumber(ARGV[arg + 1])
  local bodies = bodies_of(arg + 2, count)
  if #bodies > 0 then
    append(KEYS[key], bodies)
    redis.call('HINCRBY', KEYS[key + 1], 'waiting', #bodies)
    make_due(KEYS[1], name, KEYS[key + 1], now)
    moved = moved + #bodies
  end
  arg, key = arg + 2 + count, key + 2
end
return moved
