-- Stands before the scripts that have something to tell people.
--
-- A member of `announcements` has not been told yet, as far as anybody knows; its score is when
-- the lease of the worker that tells it ends, Unix ms. It is made of the time at which it
-- happened, Unix ms, a blank, and JSON.

local ANNOUNCEMENT_LEASE = 60000

local function add_announcement(announcements, notice)
  local member = text(now) .. ' ' .. notice
  redis.call('ZADD', announcements, now + ANNOUNCEMENT_LEASE, member)
  return member
end

