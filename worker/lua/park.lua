-- Park a destination: its events wait for a person.
--
-- KEYS  1 ready  2 state  3 parked  4 audit  5 acts  6 counters  7 operator events
-- ARGV  1 destination  2 reason  3 entry of the audit, JSON, without its result
--       4 what operators are told, JSON
-- Steps From now on a changed token does not let it go on, even if one would have before.
--       The first reason stays. The audit is written in the same step.
-- Returns {1, or 0 when it was parked already; 1 if the audit was written else 0}.

local function audited(result)
  local parts = cjson.decode(ARGV[3])
  parts[#parts + 1] = 'result'
  parts[#parts + 1] = result
  return pcall(write_audit, KEYS[4], KEYS[5], KEYS[6], parts) and 1 or 0
end

redis.call('HSET', KEYS[3], ARGV[1], '')
if redis.call('HSETNX', KEYS[2], 'parked', ARGV[2]) == 0 then
  return {0, audited('was parked before')}
end
redis.call('HSET', KEYS[2], 'parked_at', text(now))
redis.call('ZREM', KEYS[1], ARGV[1])
note_for_operator(KEYS[7], 'destination.parked', ARGV[4])
return {1, audited('parked')}
