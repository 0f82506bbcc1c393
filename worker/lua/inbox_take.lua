
-- Lease messages to a worker: first those whose lease has ended, then new ones from the lists.
-- A message moves from its list into the inbox in this one step, and its number, the server's
-- time in microseconds, tells from then on when it was first seen.
--
-- KEYS  1 inbox:due  2 inbox  then the lists, those that are read first at the front
-- ARGV  1 how many at most  2 lease, ms  3 how often one may be leased together with others
--       4 most bytes of a message
-- Returns {number, how often it was leased, message, its bytes, …}. Of a message that is too long
-- only the bytes are kept. One that was leased too often comes alone.

local MICROSECONDS = clock[1] * 1000000 + clock[2]
local taken = {}

local function lease(number, leases, message, bytes)
  redis.call('HSET', KEYS[2], number, leases .. ' ' .. text(bytes) .. '\n' .. message)
  redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), number)
  taken[#taken + 1] = {number, leases, message, bytes}
end

local function lease_again(number)
  local kept = redis.call('HGET', KEYS[2], number)
  local leases, bytes, start = string.match(kept or '', '^(%d+) (%d+)\n()')
  if not leases then
    redis.call('ZREM', KEYS[1], number)
    redis.call('HDEL', KEYS[2], number)
    return
  end
  leases = tonumber(leases) + 1
  local alone = leases > tonumber(ARGV[3])
  if alone and #taken > 0 then
    return true -- the next call hands it out
  end
  lease(number, leases, string.sub(kept, start), tonumber(bytes))
  return alone
end

local function lease_new(list)
  if redis.call('TYPE', list)['ok'] ~= 'list' then
    return
  end
  while #taken < tonumber(ARGV[1]) do
    local message = redis.call('RPOP', list)
    if not message then
      return
    end
    local bytes = #message
    if bytes > tonumber(ARGV[4]) then
      message = ''
    end
    lease(text(MICROSECONDS) .. '-' .. text(#taken), 1, message, bytes)
  end
end

local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
for _, number in ipairs(due) do
  if lease_again(number) then
    return taken
  end
end
for i = 3, #KEYS do
  lease_new(KEYS[i])
end
return taken
