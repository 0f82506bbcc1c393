-- Stands before the scripts that limit requests per second and access token (GCRA: the
-- state is the time at which the next request would be exactly on schedule).

local BURST_MS = 250     -- how far ahead of its schedule a token may run
local STEP = 0.05        -- of the full rate, regained every second after it was lowered
local LOWEST_RATE = 0.5  -- requests a second
local FORGET_S = 3600

local function current_rate(limit, full_rate)
  local known = redis.call('HMGET', limit, 'rate', 'changed_at')
  if not known[1] then
    return full_rate
  end
  local changed_at = tonumber(known[2])
  if changed_at > now then -- the clock has jumped back
    changed_at = now
    redis.call('HSET', limit, 'changed_at', text(now))
  end
  local seconds = math.floor((now - changed_at) / 1000)
  local rate = math.min(full_rate, tonumber(known[1]) + seconds * STEP * full_rate)
  if rate >= full_rate then
    redis.call('HDEL', limit, 'rate', 'changed_at')
  elseif seconds > 0 then
    redis.call('HSET', limit, 'rate', rate, 'changed_at', text(now))
  end
  return rate
end

-- Milliseconds until a request with this token may go; 0 = now. A clock that jumped back
-- must not hold a token for longer than a schedule can honestly be ahead.
local function wait_for_turn(limit, rate)
  local ahead = tonumber(redis.call('HGET', limit, 'next_at') or '0') - now
  if ahead > BURST_MS + 60000 then
    redis.call('HDEL', limit, 'next_at')
    return 0
  end
  return math.max(0, math.ceil(ahead - BURST_MS))
end

local function spend_turn(limit, rate, requests)
  local next_at = math.max(now, tonumber(redis.call('HGET', limit, 'next_at') or '0'))
  redis.call('HSET', limit, 'next_at', next_at + requests * 1000 / rate)
  redis.call('EXPIRE', limit, FORGET_S)
end

-- Halve the rate, once a second however many answers ask for it.
local function slow_down(limit, full_rate)
  local lowered_at = tonumber(redis.call('HGET', limit, 'lowered_at') or '0')
  if now - lowered_at < 1000 and now >= lowered_at then
    return
  end
  local rate = math.max(current_rate(limit, full_rate) / 2, LOWEST_RATE)
  redis.call('HSET', limit, 'rate', rate, 'changed_at', text(now), 'lowered_at', text(now))
  redis.call('EXPIRE', limit, FORGET_S)
end

