-- Let the scripts of a shard count steps of an act whose entry stands elsewhere.
--
-- KEYS  1 ready  2 acts
-- ARGV  1 the act  2 its progress so far, JSON
-- Returns 1, or 0 when it was open.

return redis.call('HSETNX', KEYS[2], ARGV[1], ARGV[2])
