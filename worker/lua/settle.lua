-- End claims: each block is done, due again, or replaced by what is left of it.
--
-- KEYS  1 ready  2 outbox  3 state  4 attempts  5 counters  6 sequence  7 dead  8 kinds
--       9 limit of the access token  10 parked  11 audit  12 acts  13 announcements
--       14 salvaged  15 figures:journal, then per replay that events came from: it and its
--       letters, then ledger and event ids of the dead letters, and the sets of plan.kinds,
--       and last those of the receipts: destinations, hours, and the list of each
-- ARGV  1 destination  2 consumer  3 the plan, JSON:
--       done      [[id, claims, events], …]: blocks of which all events were delivered
--       again     [[id, claims, attempts or null, postponed], …]: blocks of which none was;
--                 null = it was not even tried; postponed = it is not due before a lease has passed
--       mixed     [{id, claims, delivered, dead: [[letter id suffix, letter, kind], …],
--                   left: [[events, number of its payload, attempts], …]}, …]:
--                 blocks whose events ended in different ways
--       kinds     [[JSON, reason], …]: the kinds of the dead; a letter names its own from 1
--       salvaged  {id: {path: n}}: for blocks of `done` and `mixed`, how many of the delivered
--                 events had this place mended or left out
--       remarked  {remark: n}: what producers have remarked on the events, whatever happens
--       journal   destination and cell, as the journal has them, of what ends; '' for nothing
--       replayed  {id: [which of the replays, from 1, letter id]}: blocks whose one event
--                 came from a replay
--       counters  {name: n}: what is added to the counters, whatever happens
--       outcome   'healthy' | 'failing' | 'none'
--       failures  the failure count that the claim saw: an answer to a request that was sent
--                 before a failure neither ends that failure's back-off nor counts again
--       delay_ms  with 'failing': how long the destination waits
--       answered, first_delay_ms
--                 with 'failing': whether the API judged events of this batch before it
--                 failed. If it did, or if it judged another batch of the same claim, the
--                 streak of failures begins anew, and the destination waits first_delay_ms
--       extra     how many requests were sent for which no claim has taken a slot of the token
--       slow_down, rate
--                 whether the token was throttled, and its full rate
--       park      why the destination is parked, null when it is not. It is parked
--                 only if its failure count is still the one in `failures`: an answer that
--                 comes after a resume must not park it again
--       token     digest of the access token
--       entry, notice
--                 with `park`: the entry of the audit, and the JSON that people are told;
--                 both are written if this call parks the destination
--       4–7 what lib/receipts.lua wants to know
--       8 … the payloads of what is left, then the receipts
-- Fencing: this consumer must still hold every block, each with the same number of claims. If one
--       was lost nothing is written: the caller plans again without it, so that what is summed up
--       in a plan is always of events that end by it.
-- Returns {ids of blocks whose claim was lost}. If this call parked the destination, two more
--       follow: the announcement that the caller is to make, and 1 if the audit was written, else 0.

local ready, outbox, state, attempts, counters = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local name, consumer = ARGV[1], ARGV[2]
local plan = cjson.decode(ARGV[3])
local MOST_SALVAGED = 5000 -- pairs of destination and place; beyond them destinations count as '*'
local lost, delivered, buried = {}, 0, 0
local gone = {}
local receipts = receipts_at(4)
local sets = receipts.first_key - 1 - #plan.kinds
local found = {
  dead = KEYS[7],
  kinds = KEYS[8],
  ledger = KEYS[sets - 1],
  event_ids = KEYS[sets],
}
local graves, reasons = burial(), {}

local function look_at_claim(id, claims)
  local pending = redis.pcall('XPENDING', outbox, GROUP, id, id, 1)
  local entry = not pending.err and pending[1]
  if not entry or entry[2] ~= consumer or entry[4] ~= claims then
    lost[#lost + 1] = id
  end
end

local function count_here(what, counter, by)
  redis.call('HINCRBY', counters, counter, by)
  local field = name .. ' ' .. what
  if redis.call('HLEN', KEYS[14]) >= MOST_SALVAGED and redis.call('HEXISTS', KEYS[14], field) == 0 then
    field = '* ' .. what
  end
  redis.call('HINCRBY', KEYS[14], field, by)
end

local function count_salvaged(id)
  for path, events in pairs(plan.salvaged[id] or {}) do
    count_here(path, 'salvaged:' .. path, events)
  end
end

local function note_replayed(id, field, words)
  local known = plan.replayed[id]
  if known then
    local first = 14 + 2 * known[1]
    note_end(KEYS[first], KEYS[first + 1], known[2], field, words)
  end
end

local function bury(number, letter)
  local kind, reason = unpack(plan.kinds[letter[3]])
  local id = number .. '-' .. letter[1]
  add_letter(graves, KEYS[sets + letter[3]], kind, id, letter[2])
  reasons[reason] = (reasons[reason] or 0) + 1
  buried = buried + 1
  return id, reason
end

local function put_back(part)
  local _, id = add_block(outbox, KEYS[6], part[1], ARGV[7 + part[2]])
  redis.call('HSET', attempts, id, part[3])
end

for _, blocks in ipairs({plan.done, plan.again}) do
  for _, block in ipairs(blocks) do
    look_at_claim(block[1], block[2])
  end
end
for _, block in ipairs(plan.mixed) do
  look_at_claim(block.id, block.claims)
end
if #lost > 0 then
  return {lost}
end

for _, block in ipairs(plan.done) do
  gone[#gone + 1] = block[1]
  count_salvaged(block[1])
  note_replayed(block[1], 'delivered', 'delivered')
  delivered = delivered + block[3]
end

for _, block in ipairs(plan.again) do
  redis.call('XCLAIM', outbox, GROUP, block[4] and POSTPONED or SHELF, 0, block[1], 'RETRYCOUNT', 0, 'JUSTID')
  if block[3] ~= cjson.null then
    redis.call('HSET', attempts, block[1], block[3])
  end
end

for _, block in ipairs(plan.mixed) do
  gone[#gone + 1] = block.id
  count_salvaged(block.id)
  delivered = delivered + block.delivered
  -- Not the block's own number: another producer's entries may repeat it, or another stream's.
  local number = #block.dead > 0 and shard_prefix(outbox) .. text(redis.call('INCR', KEYS[6]))
  for _, letter in ipairs(block.dead) do
    local id, reason = bury(number, letter)
    note_replayed(block.id, 'died:' .. reason, 'died ' .. id .. ' ' .. reason)
  end
  for _, part in ipairs(block.left) do
    put_back(part)
  end
end

write_receipts(receipts, name)
bury_all(found, graves)
for reason, letters in pairs(reasons) do
  redis.call('HINCRBY', counters, 'dead:' .. reason, letters)
end

for first = 1, #gone, 1000 do
  local last = math.min(first + 999, #gone)
  redis.call('XACK', outbox, GROUP, unpack(gone, first, last))
  redis.call('XDEL', outbox, unpack(gone, first, last))
  redis.call('HDEL', attempts, unpack(gone, first, last))
end

if delivered > 0 then redis.call('HINCRBY', counters, 'delivered', delivered) end
if delivered + buried > 0 then redis.call('HINCRBY', state, 'waiting', -(delivered + buried)) end
for counter, by in pairs(plan.counters) do
  redis.call('HINCRBY', counters, counter, by)
end
for remark, by in pairs(plan.remarked) do
  count_here(remark, remark, by)
end

if plan.journal ~= '' then -- a key that is not as we write it is passed over
  redis.pcall('RPUSH', KEYS[15], '[' .. this_hour() .. ',' .. plan.journal .. ']')
end

local before = tonumber(redis.call('HGET', state, 'failures') or '0')
if plan.extra > 0 then
  spend_slot(KEYS[9], schedule_of(KEYS[9], plan.rate), plan.extra)
end
if plan.slow_down then
  slow_down(KEYS[9], plan.rate)
end
if plan.outcome == 'healthy' and plan.failures == before then
  redis.call('HDEL', state, 'failures', 'not_before')
  if delivered > 0 then redis.call('HSET', state, 'taken_at', text(now)) end
  if before >= OUTAGE then
    begin_ramp(state)
  end
elseif plan.outcome == 'failing' then
  local waits = tonumber(redis.call('HGET', state, 'not_before') or '0')
  local row, delay = math.max(before, plan.failures + 1), plan.delay_ms
  if before < plan.failures or (plan.answered and before == plan.failures) then
    row, delay = before < plan.failures and math.max(before, 1) or 1, plan.first_delay_ms
  end
  local not_before = now + delay
  if before > plan.failures then -- another batch of the same round was counted already
    not_before = math.max(not_before, waits)
  end
  redis.call('HSET', state, 'failures', row, 'not_before', text(not_before))
  end_ramp(state)
end
if plan.outcome == 'none' and before > 0 and plan.failures == before then
  redis.call('HDEL', state, 'not_before') -- the claim was to be the probe, and sent nothing
end
local reply = {{}}
if plan.park ~= cjson.null and plan.failures == before
  and redis.call('HSETNX', state, 'parked', plan.park) == 1 then
  redis.call('HSET', state, 'parked_at', text(now))
  redis.call('HSET', KEYS[10], name, plan.token)
  reply[2] = add_announcement(KEYS[13], plan.notice)
  reply[3] = pcall(write_audit, KEYS[11], KEYS[12], counters, plan.entry) and 1 or 0
end

if redis.call('XLEN', outbox) == 0 then
  close_outbox(ready, name, outbox, state, attempts)
elseif redis.call('HEXISTS', state, 'parked') == 1 then
  redis.call('ZREM', ready, name)
elseif plan.outcome == 'failing' then
  redis.call('ZADD', ready, redis.call('HGET', state, 'not_before'), name)
elseif before > 0 or #plan.again + #plan.mixed > 0 then
  redis.call('ZADD', ready, 'LT', now, name)
end
return reply
