-- Look at the first block of an outbox, without its payload.
--
-- KEYS  1 outbox
-- Returns its id, or '' when the outbox is empty.

local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)
return first[1] and first[1][1] or ''
