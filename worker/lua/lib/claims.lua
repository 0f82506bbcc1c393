-- Stands before the scripts that look at claims: who can hold a block, and what an outbox leaves
-- behind when its last block has gone.

local GROUP = 'workers'
local SHELF = 'due-again' -- the pseudo consumer of blocks that are due again
local POSTPONED = 'postponed' -- of those that are not before a lease has passed

local function close_outbox(ready, name, outbox, state, attempts)
  redis.call('DEL', outbox, attempts)
  redis.call('ZREM', ready, name)
  redis.call('HDEL', state, 'waiting', 'stale_check', 'recovered_at', 'ramp_next', 'taken_at')
end
