-- Take announcements whose maker has died, for another lease.
--
-- KEYS  1 announcements
-- ARGV  1 how many at most
-- Steps An announcement that is due further ahead than any lease was dated before the clock
--       jumped back, and is taken too.
-- Returns them, the oldest lease first.

local function due(first, last)
  return redis.call('ZRANGEBYSCORE', KEYS[1], first, last, 'LIMIT', 0, ARGV[1])
end

local found = due('-inf', now)
if #found == 0 then
  found = due('(' .. text(now + ANNOUNCEMENT_LEASE), '+inf')
end
for _, member in ipairs(found) do
  redis.call('ZADD', KEYS[1], now + ANNOUNCEMENT_LEASE, member)
end
return found
