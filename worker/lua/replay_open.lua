-- Let the holder of a replay move the letters of a shard other than that of its order.
--
-- KEYS  1 ready  2 the replay's part in this shard
-- ARGV  1 fence; '' = whoever moves letters here stops
-- Returns 1, or 0 when a later holder was here before.

if ARGV[1] == '' then
  redis.call('HDEL', KEYS[2], 'fence')
  return 1
end
if tonumber(redis.call('HGET', KEYS[2], 'fence') or '0') > tonumber(ARGV[1]) then
  return 0
end
redis.call('HSET', KEYS[2], 'state', 'running', 'fence', ARGV[1])
return 1
