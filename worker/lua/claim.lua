-- Claim blocks of one taken destination for one worker process.
--
-- KEYS  1 ready  2 outbox  3 state  4 attempts  5 limit of the access token
-- ARGV  1 destination  2 consumer (the worker process)  3 lease, ms
--       4 events wanted  5 bytes of JSON wanted  6 requests per second of the token
--       7 every which probe is of other events than the oldest
--       8 '' = this script keeps the token's schedule; where several shards share a token:
--       ms until the process has a turn of it, 0 = it has one   9 which destination had the last
-- Steps Nothing is claimed while the destination is parked or backs off, or while another's
--       probe is under way. Nothing is claimed before the token's next slot, or the next step of
--       the ramp, has come; the destination is due again then.
--       Blocks that are due again (the shelf) come first, then those whose claim has outlived
--       its lease (looked for eight times a lease), then new ones, until there are enough.
--       While the destination fails, this claim is the only probe until it is settled,
--       and it has no more than one request holds.
--       The destination is due now if there is more, else when this lease ends.
-- Returns {rest, failures, when the API last took events or 0 (ms), block, …}.
--       The rest of the outbox is 0 = nothing, 1 = to be claimed now, 2 = to be claimed a
--       little later, or 3 = not to be sent. A block is
--       {id, number of its claims since it was last settled, events, bytes, attempts JSON or '',
--       the mark of the client that closed it or ''}.

local LONELY = 3 -- deaths after which a block is claimed alone
local NOTHING, MORE, LATER, STOPPED = 0, 1, 2, 3
local ready, outbox, state, attempts = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local name, consumer, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])
local wanted_events, wanted_bytes = tonumber(ARGV[4]), tonumber(ARGV[5])
local others_every = tonumber(ARGV[7])

local known = redis.call('HMGET', state, 'parked', 'not_before', 'failures', 'stale_check', 'recovered_at', 'ramp_next', 'taken_at')
local failures, taken_at = tonumber(known[3] or '0'), known[7] or '0'
if known[1] then
  redis.call('ZREM', ready, name)
  return {STOPPED, failures, taken_at}
end
local not_before = tonumber(known[2] or '0')
if not_before > now then
  redis.call('ZADD', ready, not_before, name)
  return {failures > 0 and STOPPED or LATER, failures, taken_at} -- or it waits for the token's next slot
end

local schedule = ARGV[8] == '' and schedule_of(KEYS[5], tonumber(ARGV[6]))
local ramp_wait = wait_on_ramp(state, known[5], known[6])
local turn_wait = schedule and wait_for_slot(KEYS[5], schedule) or tonumber(ARGV[8]) or 0
if turn_wait > 0 and not schedule then
  turn_wait = hold_back(turn_wait, ARGV[9])
end
local wait = math.max(turn_wait, ramp_wait or 0)
if wait > 0 then
  redis.call('ZADD', ready, now + wait, name)
  return {LATER, failures, taken_at}
end
if known[2] then
  redis.call('HDEL', state, 'not_before')
end

-- No group: a new outbox, or a server that lost its data. From 0: `$` would skip what stands there.
local claims = redis.pcall('XPENDING', outbox, GROUP)
if claims.err then
  redis.call('XGROUP', 'CREATE', outbox, GROUP, '0', 'MKSTREAM')
end
local held = not claims.err and claims[1] > 0

local blocks, events, bytes, full = {}, 0, 0, false

local function enough()
  return full or events >= wanted_events or bytes >= wanted_bytes
end

-- A probe is one request, so for it the wanted is a limit.
local function overflows(entry_events, entry_bytes)
  return failures > 0 and #blocks > 0
    and (events + entry_events > wanted_events or bytes + entry_bytes > wanted_bytes)
end

-- What a step took too much, because the blocks before were smaller, is the next claim's.
local function keep(entry, claims)
  local id, entry_events, payload = entry[1], tonumber(entry[2][2]), entry[2][4]
  full = enough() or overflows(entry_events, #payload)
  if full then
    redis.call('XCLAIM', outbox, GROUP, SHELF, 0, id, 'RETRYCOUNT', claims - 1, 'JUSTID')
    return
  end
  blocks[#blocks + 1] = {id, claims, entry_events, payload, '', entry[2][5] == 'c' and entry[2][6] or ''}
  events = events + entry_events
  bytes = bytes + #payload
end

-- A stream entry's size is not known before it is claimed: a few at a time, more when they are small.
local function step()
  if #blocks == 0 then
    return math.max(1, math.min(8, math.ceil(wanted_events / 100)))
  end
  return math.max(1, math.min(256, math.ceil((wanted_events - events) * #blocks / events)))
end

local function steal(pending)
  for _, entry in ipairs(pending) do
    if enough() then
      return
    end
    local taken = redis.call('XCLAIM', outbox, GROUP, consumer, 0, entry[1])
    if taken[1] then
      keep(taken[1], entry[4] + 1)
    end
  end
end

local function from_shelf(from)
  if not (held and has_shelf(claims)) then
    return
  end
  local pending
  repeat
    pending = redis.call('XPENDING', outbox, GROUP, from, '+', step(), SHELF)
    steal(pending)
  until #pending == 0 or enough()
end

-- Such a probe passes over the oldest, one more each time: what failed so often may be to
-- blame, and must not hold the others up.
local function behind_the_oldest()
  local passed_over = redis.call('XPENDING', outbox, GROUP, '-', '+', failures / others_every, SHELF)
  local last = passed_over[#passed_over]
  return last and '(' .. last[1] or '-'
end

-- One whose claims keep dying may be what kills: it is claimed alone from then on, so that
-- the next death speaks against nobody else.
local function outlived()
  if not held or tonumber(known[4] or '0') > now then
    return
  end
  repeat
    local count = step()
    local pending = redis.call('XPENDING', outbox, GROUP, 'IDLE', lease, '-', '+', count)
    for _, entry in ipairs(pending) do
      local dangerous = entry[4] >= LONELY
      if dangerous and #blocks > 0 then
        return
      end
      steal({entry})
      if dangerous then
        full = true
        return
      end
    end
  until #pending < count or enough()
  if not enough() then
    redis.call('HSET', state, 'stale_check', text(now + lease / 8))
  end
end

local function new()
  while not enough() do
    local count = step()
    local read = redis.call('XREADGROUP', 'GROUP', GROUP, consumer, 'COUNT', count, 'STREAMS', outbox, '>')
    local entries = read and read[1] and read[1][2] or {}
    for _, entry in ipairs(entries) do
      keep(entry, 1)
    end
    if #entries < count then
      return
    end
  end
end

if failures > 0 and failures % others_every == 0 then
  from_shelf(behind_the_oldest())
  new()
end
if #blocks == 0 then
  from_shelf('-')
  outlived()
  new()
end

local rest = enough() and MORE or NOTHING
if failures > 0 then
  rest = NOTHING
  redis.call('HSET', state, 'not_before', text(now + lease))
end
if rest == MORE then
  redis.call('ZADD', ready, now, name)
elseif #blocks > 0 or redis.call('XLEN', outbox) > 0 then
  redis.call('ZADD', ready, now + lease, name)
else
  redis.call('ZREM', ready, name)
  redis.call('DEL', outbox, attempts, state)
end

if #blocks > 0 then
  if schedule then
    spend_slot(KEYS[5], schedule, 1)
  end
  if ramp_wait then
    step_on_ramp(state, known[5])
  end
  local ids = {}
  for place, block in ipairs(blocks) do
    ids[place] = block[1]
  end
  local tried = redis.call('HMGET', attempts, unpack(ids))
  for place, block in ipairs(blocks) do
    block[5] = tried[place] or ''
  end
end
return {rest, failures, taken_at, unpack(blocks)}
