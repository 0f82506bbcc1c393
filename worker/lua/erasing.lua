-- Stands before the scripts that put letters where an erasure may have looked already.
--
-- `erasing` has a member for each erasure under way, and when its lease ends, Unix ms; one that
-- seems to end further ahead than any does was dated before the clock jumped back.

local AHEAD = 60000

local function is_erasing(erasing)
  return redis.call('ZCOUNT', erasing, now, now + AHEAD) > 0
end

