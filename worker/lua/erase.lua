-- Take a data subject's events out of a waiting block; the others' go back as a block of their own.
--
-- KEYS  1 ready  2 outbox  3 state  4 attempts  5 counters  6 sequence  7 acts
--       and if its one event was replayed: 8 the replay  9 its letters
-- ARGV  1 destination  2 block id  3 lease, ms
--       4 claims  5 attempts JSON or '': what the block met, as far as the caller knows it
--       6 events to erase  7 events left  8 their payload  9 their attempts JSON
--       10 the step of an act, which counts the events in the same step
--       11 if it was replayed: the letter that it was
-- Fencing: a block whose claim is alive belongs to its holder. If the block met more than the
--       caller knows, the caller is told what, rewrites what is left, and asks again.
-- Returns {'erased'}, {'gone'}, {'held', consumer, ms until its lease ends},
--       or {'changed', claims, attempts JSON or ''}.

local outbox, state, attempts = KEYS[2], KEYS[3], KEYS[4]
local name, id, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])
local erased, left = tonumber(ARGV[6]), tonumber(ARGV[7])

if #redis.call('XRANGE', outbox, id, id) == 0 then
  return {'gone'}
end
local pending = redis.pcall('XPENDING', outbox, GROUP, id, id, 1)
local claim = not pending.err and pending[1]
if claim and claim[2] ~= SHELF and claim[3] < lease then
  return {'held', claim[2], lease - claim[3]}
end
local claims = claim and claim[4] or 0
local tried = redis.call('HGET', attempts, id) or ''
if claims ~= tonumber(ARGV[4]) or tried ~= ARGV[5] then
  return {'changed', claims, tried}
end

if claim then
  redis.call('XACK', outbox, GROUP, id)
end
redis.call('XDEL', outbox, id)
redis.call('HDEL', attempts, id)
redis.call('HINCRBY', state, 'waiting', -erased)
redis.call('HINCRBY', KEYS[5], 'erased', erased)
note_step(KEYS[7], ARGV[10], erased)
if KEYS[9] then
  note_end(KEYS[8], KEYS[9], ARGV[11], 'erased', 'erased')
end

if left > 0 then
  local _, new = add_block(outbox, KEYS[6], left, ARGV[8])
  redis.call('HSET', attempts, new, ARGV[9])
  make_due(KEYS[1], name, state, now)
elseif redis.call('XLEN', outbox) == 0 then
  close_outbox(KEYS[1], name, outbox, state, attempts)
end
return {'erased'}
