-- Remember the server's time, or notice that it is behind what was remembered.
--
-- KEYS  1 ready  2 clock
-- ARGV  1 how far behind is a jump, ms: less heals by itself
-- Returns 1 after a jump back, which `rewind.lua` has still to mend; else 0.

if tonumber(redis.call('GET', KEYS[2]) or '0') > now + tonumber(ARGV[1]) then
  return 1
end
redis.call('SET', KEYS[2], text(now))
return 0
