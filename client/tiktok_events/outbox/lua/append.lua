-- Append blocks to the outboxes of one or more destinations, all or nothing.
--
-- KEYS  1 ready  2 sequence  3 counters  4 awake  5 doorbell queue, any key unless it rings
--       6 figures:accepted, then per destination: outbox, state, accepted
-- ARGV  1 linger, ms   2 '1' = ring: the doorbell is on this server   3 number of destinations
--       then per destination: its key, number of event names, and per name: it, events;
--       number of blocks, and per block: events, the mark of a client that has closed them
--       or '', JSON bytes
-- Steps Each block gets a number and enters its outbox. Each destination counts its events as
--       waiting, and is due after the linger: not before its back-off ends, and not at all
--       while it is parked. The accepted events are counted, also by hour and name, and the doorbell rings if no
--       deliver task is awake and no bell hangs already.
-- Returns the number of events appended.

local linger = tonumber(ARGV[1])
local total, number, arg, key = 0, 0, 4, 7
for _ = 1, tonumber(ARGV[3]) do
  local name, outbox, state = ARGV[arg], KEYS[key], KEYS[key + 1]
  local blocks_at = arg + 2 + 2 * tonumber(ARGV[arg + 1])
  for at = arg + 2, blocks_at - 2, 2 do
    count_accepted(KEYS[6], KEYS[key + 2], name, ARGV[at], ARGV[at + 1])
  end
  local events = 0
  arg, key = blocks_at + 1, key + 3
  for _ = 1, tonumber(ARGV[blocks_at]) do
    number = add_block(outbox, KEYS[2], ARGV[arg], ARGV[arg + 2], ARGV[arg + 1])
    events = events + tonumber(ARGV[arg])
    arg = arg + 3
  end
  redis.call('HINCRBY', state, 'waiting', events)
  make_due(KEYS[1], name, state, now + linger)
  total = total + events
end
redis.call('HINCRBY', KEYS[3], 'accepted', total)

if ARGV[2] == '1' and redis.call('EXISTS', KEYS[4]) == 0 then
  ring(KEYS[5], number)
end
return total
