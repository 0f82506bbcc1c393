-- Stands before the scripts that let a destination regain its speed after an outage: the probe
-- was answered, but an API that has just come back is not met with all that waited for it.

local OUTAGE = 2          -- failures in a row that make one; a single hiccup needs no ramp
local RAMP_MS = 4000      -- after which the speed is the destination's own again
local FIRST_RATE = 4      -- requests a second, all workers together
local DOUBLES_MS = 500    -- so 256 times the first rate at the end of the ramp

local function begin_ramp(state)
  redis.call('HSET', state, 'recovered_at', text(now))
end

local function end_ramp(state)
  redis.call('HDEL', state, 'recovered_at', 'ramp_next')
end

-- Milliseconds until the next request may go; nil when there is no ramp. A clock that jumped
-- ends it.
local function wait_on_ramp(state, recovered_at, next_at)
  if not recovered_at then
    return nil
  end
  local since = now - tonumber(recovered_at)
  if since < 0 or since >= RAMP_MS then
    end_ramp(state)
    return nil
  end
  return math.max(0, tonumber(next_at or '0') - now)
end

local function step_on_ramp(state, recovered_at)
  local rate = FIRST_RATE * 2 ^ ((now - tonumber(recovered_at)) / DOUBLES_MS)
  redis.call('HSET', state, 'ramp_next', text(math.ceil(now + 1000 / rate)))
end
