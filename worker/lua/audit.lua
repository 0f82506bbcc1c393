-- Write one entry of the audit; the oldest go when there are too many, and are counted.
--
-- KEYS  1 ready  2 audit  3 counters
-- ARGV  1 entries kept  then the entry: field, value, …
-- Returns the entry's id, which tells when.

local id = redis.call('XADD', KEYS[2], '*', unpack(ARGV, 2))
local trimmed = redis.call('XTRIM', KEYS[2], 'MAXLEN', ARGV[1])
if trimmed > 0 then
  redis.call('HINCRBY', KEYS[3], 'audit_trimmed', trimmed)
end
return id
