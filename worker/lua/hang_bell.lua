
-- Hang a bell, unless so many hang already that another would ask for nothing new.
--
-- KEYS  1 inbox:due, untouched  2 doorbell queue
-- ARGV  1 the message  2 how many may hang before it
-- Returns 1 when it hangs now, else 0.

if redis.call('LLEN', KEYS[2]) > tonumber(ARGV[2]) then
  return 0
end
redis.call('LPUSH', KEYS[2], ARGV[1])
return 1
