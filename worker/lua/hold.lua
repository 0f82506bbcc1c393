-- Note a message that a worker holds, as kombu does; on a full server, too, where its own
-- commands are refused, and the message, which has left its list already, would be lost.
--
-- KEYS  1 the broker's unacked_index  2 its unacked
-- ARGV  1 when, Unix s  2 delivery tag  3 the message
-- Returns 1.

redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
return 1
