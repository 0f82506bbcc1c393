-- Fold what was counted into the cells of hours and days, all or nothing.
--
-- KEYS  1 figures:hours  2 figures:folds  3 figures:journal  4 figures:accepted  5 figures:silent
--       6 figures:named  7 figures:totals
--       then the hashes that cells stand in, then those of what was accepted
-- ARGV  1 number of folds that the caller has read before everything else
--       2 entries of the journal that it has read, from the first on
--       3 number of hashes of cells, then per hash: its name in figures:hours, its score there
--         (0 = not all of its cells are sealed), when it ends, Unix seconds, number of cells,
--         and per cell: destination, bytes
--       then the number of hashes of what was accepted, and per hash: destination, number of
--         fields, and per field: its name, and the number that was read in it
--       then how many destinations figures:totals counts apart at most, the number of
--         destinations that something was counted of, and per destination: itself, number of
--         figures, and per figure: its name, and what is added to it
--       then the destinations of which something was delivered
-- Steps If somebody has folded since the caller read, its sums are out of date: nothing is done.
--       Otherwise the cells are written, and what they contain now leaves the journal and the
--       hashes of what was accepted, where more may have been counted meanwhile. A destination of
--       which something was accepted, but nothing delivered since, is silent from then on.
--       The first destinations get totals of their own, for ever; all others share `other`, so
--       that no total ever falls. What is no number, where one is counted, is junk: it leaves the
--       hash of what was accepted, and a total begins anew, as an error here would be half a fold.
-- Returns 1, or 0 when it did nothing.

-- What has another type than ours is junk, and would stop every fold from now on.
local function clear_junk(place, wanted)
  local kind = redis.call('TYPE', place).ok
  if kind ~= wanted and kind ~= 'none' then
    redis.call('UNLINK', place)
  end
end

if (redis.call('GET', KEYS[2]) or '0') ~= ARGV[1] then
  return 0
end
redis.call('INCR', KEYS[2])
redis.call('LTRIM', KEYS[3], ARGV[2], -1)

for place, wanted in pairs({[4] = 'zset', [5] = 'zset', [6] = 'set', [7] = 'hash'}) do
  clear_junk(KEYS[place], wanted)
end

local arg, key = 3, 8

local function take()
  arg = arg + 1
  return ARGV[arg - 1]
end

local function write_cells(hash)
  local name, score, ends = take(), take(), take()
  clear_junk(hash, 'hash')
  for _ = 1, tonumber(take()) do
    redis.call('HSET', hash, take(), take())
  end
  redis.call('EXPIREAT', hash, ends)
  redis.call('ZADD', KEYS[1], score, name)
end

local function take_accepted(hash)
  local destination = take()
  clear_junk(hash, 'hash')
  for _ = 1, tonumber(take()) do
    local field = take()
    local left = redis.pcall('HINCRBY', hash, field, '-' .. take())
    if type(left) ~= 'number' or left <= 0 then
      redis.call('HDEL', hash, field)
    end
  end
  if redis.call('EXISTS', hash) == 0 then
    redis.call('ZREM', KEYS[4], destination)
  end
  redis.call('ZADD', KEYS[5], 'NX', text(now), destination)
end

local most

local function is_named(destination)
  if redis.call('SISMEMBER', KEYS[6], destination) == 1 then
    return true
  end
  return redis.call('SCARD', KEYS[6]) < most and redis.call('SADD', KEYS[6], destination) == 1
end

local function add_totals(destination)
  local name = destination ~= '' and is_named(destination) and destination or 'other'
  for _ = 1, tonumber(take()) do
    local field, number = take() .. ' ' .. name, take()
    if type(redis.pcall('HINCRBY', KEYS[7], field, number)) ~= 'number' then
      redis.call('HSET', KEYS[7], field, number)
    end
  end
end

for _ = 1, tonumber(take()) do
  write_cells(KEYS[key])
  key = key + 1
end
for _ = 1, tonumber(take()) do
  take_accepted(KEYS[key])
  key = key + 1
end
most = tonumber(take())
for _ = 1, tonumber(take()) do
  add_totals(take())
end
while ARGV[arg] do
  redis.call('ZREM', KEYS[5], take())
end
return 1
