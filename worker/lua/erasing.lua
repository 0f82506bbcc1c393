-- Stands before the scripts that put letters where an erasure may have looked already.
--
-- `erasing` has a member for each erasure under way; its score is when the lease ends, Unix ms.
-- A lease that seems to end further ahead than any can was dated before the clock jumped back.

local AHEAD = 60000

local function is_erasing(erasing)
  return redis.call('ZCOUNT', erasing, now, now + AHEAD) > 0
end

