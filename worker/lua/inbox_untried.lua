-- Take back the last lease of messages that nobody could read, such as in an outage: it does not
-- count as a try. When they are due again does not change.
--
-- KEYS  1 inbox:due  2 inbox
-- ARGV  their numbers
-- Returns how many there were.

local found = 0
for _, number in ipairs(ARGV) do
  local leases, rest = string.match(redis.call('HGET', KEYS[2], number) or '', '^(%d+)( .*)$')
  if leases then
    redis.call('HSET', KEYS[2], number, math.max(0, tonumber(leases) - 1) .. rest)
    found = found + 1
  end
end
return found
