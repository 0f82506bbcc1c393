-- Stands before the scripts that have something to be told to people.
--
-- `announcements` has what is not known to be told yet, and when the lease of whoever is at it
-- ends, Unix ms. A member is when it happened, Unix ms, a blank, and JSON.

local ANNOUNCEMENT_LEASE = 60000

local function add_announcement(announcements, notice)
  local member = text(now) .. ' ' .. notice
  redis.call('ZADD', announcements, now + ANNOUNCEMENT_LEASE, member)
  return member
end

