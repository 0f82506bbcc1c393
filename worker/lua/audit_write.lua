-- Write one entry of the audit: of what was done, or of what is about to be done step by step.
--
-- KEYS  1 ready  2 audit  3 acts  4 counters
-- ARGV  1 '1' = steps follow  2 entries kept  then the entry: field, value, …
-- Returns {the entry's id, which tells when; the ids of entries that were let go, …}.

local parts = {unpack(ARGV, 2)}
parts[1] = tonumber(parts[1])
local id, gone = write_audit(KEYS[2], KEYS[3], KEYS[4], parts)
if ARGV[1] == '1' then
  redis.call('HSET', KEYS[3], id, cjson.encode({count = 0, facts = {}, at = now}))
end
return {id, unpack(gone)}
