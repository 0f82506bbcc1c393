
-- Put a message from the doorbell's queue where events are read.
--
-- KEYS  1 inbox:due, untouched  2 the list of messages
-- ARGV  1 the message
-- Returns how many stand there now.

return redis.call('LPUSH', KEYS[2], ARGV[1])
