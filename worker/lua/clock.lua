-- Remember the server's time, or notice that it is behind what was remembered.
--
-- KEYS  1 ready  2 clock  3 clocks
-- ARGV  1 how far behind is a jump, ms: less heals by itself
--       2 a worker  3 its own time, Unix ms  4 by how much it may differ untold, ms
--       5 ms after which a worker that does not look any more is forgotten
-- Steps A worker is noted if its clock differs by more than that, and forgotten if not.
-- Returns {1 after a jump back that `rewind.lua` has still to mend, else 0;
--       how far the worker's clock goes ahead, ms}.

local ahead = tonumber(ARGV[3]) - now
if math.abs(ahead) > tonumber(ARGV[4]) then
  local noted = redis.call('HGETALL', KEYS[3])
  for i = 1, #noted, 2 do
    local at = tonumber(string.match(noted[i + 1], ' (%d+)$'))
    if not at or math.abs(now - at) > tonumber(ARGV[5]) then
      redis.call('HDEL', KEYS[3], noted[i])
    end
  end
  redis.call('HSET', KEYS[3], ARGV[2], text(ahead) .. ' ' .. text(now))
  redis.call('PEXPIRE', KEYS[3], ARGV[5])
else
  redis.call('HDEL', KEYS[3], ARGV[2])
end

if tonumber(redis.call('GET', KEYS[2]) or '0') > now + tonumber(ARGV[1]) then
  return {1, ahead}
end
redis.call('SET', KEYS[2], text(now))
return {0, ahead}
