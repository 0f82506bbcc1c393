-- Stands before the scripts that limit requests per second and access token (GCRA: the
-- state is the time at which the next request would be exactly on schedule).
-- Each has `claims.lua` before it, the destination in ARGV[1], its outbox in KEYS[2] and its state in KEYS[3].

local BURST_MS = 250     -- how far ahead of its schedule a token may run
local STEP = 0.05        -- of the full rate, regained every second after it was lowered
local LOWEST_RATE = 0.5  -- requests a second
local FORGET_S = 3600

-- What is known of a token: its rate, when its next request is due, and which destination had the
-- last one.
local function schedule_of(limit, full_rate)
  local known = redis.call('HMGET', limit, 'rate', 'changed_at', 'next_at', 'last')
  local schedule = {rate = full_rate, next_at = tonumber(known[3] or '0'), last = known[4] or ''}
  if not known[1] then
    return schedule
  end
  local changed_at = tonumber(known[2])
  if changed_at > now then -- the clock has jumped back
    changed_at = now
    redis.call('HSET', limit, 'changed_at', text(now))
  end
  local seconds = math.floor((now - changed_at) / 1000)
  schedule.rate = math.min(full_rate, tonumber(known[1]) + seconds * STEP * full_rate)
  if schedule.rate >= full_rate then
    redis.call('HDEL', limit, 'rate', 'changed_at')
  elseif seconds > 0 then
    redis.call('HSET', limit, 'rate', schedule.rate, 'changed_at', text(now))
  end
  return schedule
end

-- Whether a name comes after another, by bytes: Lua's own `<` follows the server's locale.
local function comes_after(name, other)
  local function hex(word)
    return (string.gsub(word, '.', function(c) return string.format('%02x', string.byte(c)) end))
  end
  return hex(name) > hex(other)
end

-- Whether some of the claims, as XPENDING sums them up, are no worker's.
local function has_shelf(claims)
  for _, holder in ipairs(claims[4] or {}) do
    if holder[1] == SHELF then
      return true
    end
  end
  return false
end

-- Whether the outbox has a block that no worker holds.
local function has_unclaimed(outbox)
  local claims = redis.pcall('XPENDING', outbox, GROUP)
  if claims.err or claims[1] < redis.call('XLEN', outbox) then
    return redis.call('XLEN', outbox) > 0
  end
  return has_shelf(claims)
end

-- When the next request is due. A clock that jumped back must not hold a token for longer than
-- a schedule can honestly be ahead.
local function schedule_start(limit, schedule)
  if schedule.next_at - now > BURST_MS + 60000 then
    redis.call('HDEL', limit, 'next_at')
    schedule.next_at = 0
  end
  return schedule.next_at
end

-- Who must wait is due with the next slot. Destinations that wait for the same one are due in
-- the order of their names, beginning after the one that had the last: so each has its turn. And
-- they wait as if backing off: fresh events would bring a busy one forward, before the others.
-- Where nothing is to be claimed nothing is noted: its state may go before the slot comes.
local function hold_back(wait, last)
  if not comes_after(ARGV[1], last) then
    wait = wait + 1 -- whole milliseconds: every field that holds a timestamp does
  end
  if has_unclaimed(KEYS[2]) then
    redis.call('HSET', KEYS[3], 'not_before', text(now + wait))
  end
  return wait
end

-- Milliseconds until a request with this token may go; 0 = now.
local function wait_for_slot(limit, schedule)
  local wait = math.ceil(schedule_start(limit, schedule) - now - BURST_MS)
  return wait > 0 and hold_back(wait, schedule.last) or 0
end

local function spend_slot(limit, schedule, requests)
  local next_at = math.max(now, schedule.next_at) + requests * 1000 / schedule.rate
  redis.call('HSET', limit, 'next_at', next_at, 'last', ARGV[1])
  redis.call('EXPIRE', limit, FORGET_S)
end

-- Halve the rate, once a second however many answers ask for it.
local function slow_down(limit, full_rate)
  local lowered_at = tonumber(redis.call('HGET', limit, 'lowered_at') or '0')
  if now - lowered_at < 1000 and now >= lowered_at then
    return
  end
  local rate = math.max(schedule_of(limit, full_rate).rate / 2, LOWEST_RATE)
  redis.call('HSET', limit, 'rate', rate, 'changed_at', text(now), 'lowered_at', text(now))
  redis.call('EXPIRE', limit, FORGET_S)
end

