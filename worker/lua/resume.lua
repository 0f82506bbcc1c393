-- Let a parked destination go on as after an outage: one probe first, then the ramp.
--
-- KEYS  1 ready  2 outbox  3 state  4 parked  5 audit  6 acts  7 counters  8 operator events
-- ARGV  1 destination  2 digest of the token that it must have been parked for, or '' = any, or none
--       3 entry of the audit, JSON, without its count  4 what operators are told, JSON
-- Steps The audit is written in the same step, with how many events wait.
-- Returns {1, or 0 when it was not parked, or not for that token;
--       1 if the audit was written, or nothing was to be written, else 0}.

if redis.call('HEXISTS', KEYS[3], 'parked') == 0 then
  return {0, 1}
end
if ARGV[2] ~= '' and redis.call('HGET', KEYS[4], ARGV[1]) ~= ARGV[2] then
  return {0, 1}
end
redis.call('HDEL', KEYS[4], ARGV[1])
redis.call('HDEL', KEYS[3], 'parked', 'parked_at', 'not_before')
if redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('HSET', KEYS[3], 'failures', OUTAGE)
  redis.call('ZADD', KEYS[1], now, ARGV[1])
end
if ARGV[2] ~= '' then
  note_for_operator(KEYS[8], 'destination.token_changed', ARGV[4])
end
note_for_operator(KEYS[8], 'destination.resumed', ARGV[4])
local parts = cjson.decode(ARGV[3])
parts[#parts + 1] = 'count'
parts[#parts + 1] = redis.call('HGET', KEYS[3], 'waiting') or '0'
return {1, pcall(write_audit, KEYS[5], KEYS[6], KEYS[7], parts) and 1 or 0}
