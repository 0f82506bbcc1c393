-- Claim what has expired at the head of a parked outbox; nothing of it is to be sent.
--
-- KEYS  1 ready  2 outbox  3 state  4 attempts
-- ARGV  1 consumer (the worker process)  2 lease, ms  3 blocks wanted
--       4 window of the source, s: an event can still be sent if its time is within it
--       5 Unix s, and before this one
-- Steps Nothing is claimed unless the destination is parked.
--       Blocks that nobody holds are looked at: first those that are due again (the shelf) or
--       whose claim has outlived its lease, then new ones, which go to the shelf if they can
--       still be sent. This ends when enough were found, or a few that can still be sent:
--       blocks stand in the order of their acceptance.
-- Returns {block, …}, each as `claim.lua` returns it and with no event that can still be sent.

local PASSED_OVER = 8 -- one event of the far future does not hide what stands behind it
local HELD = 100
local outbox, attempts = KEYS[2], KEYS[4]
local consumer, lease, wanted = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local after, before = now / 1000 - tonumber(ARGV[4]), tonumber(ARGV[5])

if redis.call('HEXISTS', KEYS[3], 'parked') == 0 or redis.call('XLEN', outbox) == 0 then
  return {}
end
local group = redis.pcall('XPENDING', outbox, GROUP)
if group.err then
  redis.call('XGROUP', 'CREATE', outbox, GROUP, '0')
end

local blocks, alive = {}, 0

local function enough()
  return #blocks >= wanted or alive >= PASSED_OVER
end

local function can_be_sent(event)
  local at = type(event) == 'table' and tonumber(event.event_time)
  return at and at > after and at < before
end

local function has_expired(entry)
  local known, events = pcall(cjson.decode, entry[2][4])
  for _, event in ipairs(known and events or {}) do
    if can_be_sent(event) then
      alive = alive + 1
      return false
    end
  end
  return known
end

local function keep(entry, claims)
  local tried = redis.call('HGET', attempts, entry[1]) or ''
  blocks[#blocks + 1] = {entry[1], claims, tonumber(entry[2][2]), entry[2][4], tried}
end

local function nobodys()
  for _, held in ipairs(redis.call('XPENDING', outbox, GROUP, '-', '+', HELD)) do
    local id, holder, idle, claims = held[1], held[2], held[3], held[4]
    if enough() then
      return
    end
    local entry = (holder == SHELF or idle >= lease) and redis.call('XRANGE', outbox, id, id)[1]
    if entry and has_expired(entry) then
      redis.call('XCLAIM', outbox, GROUP, consumer, 0, id)
      keep(entry, claims + 1)
    end
  end
end

local function new()
  while not enough() do
    local read = redis.call('XREADGROUP', 'GROUP', GROUP, consumer, 'COUNT', 1, 'STREAMS', outbox, '>')
    local entry = read and read[1] and read[1][2][1]
    if not entry then
      return
    elseif has_expired(entry) then
      keep(entry, 1)
    else
      redis.call('XCLAIM', outbox, GROUP, SHELF, 0, entry[1], 'RETRYCOUNT', 0, 'JUSTID')
    end
  end
end

nobodys()
new()
return blocks
