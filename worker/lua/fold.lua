-- Fold what was counted into the cells of hours and days, all or nothing.
--
-- KEYS  1 figures:hours  2 figures:folds  3 figures:journal  4 figures:accepted  5 figures:silent
--       then the hashes that cells stand in, then those of what was accepted
-- ARGV  1 number of folds that the caller has read before everything else
--       2 entries of the journal that it has read, from the first on
--       3 number of hashes of cells, then per hash: its name in figures:hours, its score there
--         (0 = not all of its cells are sealed), when it ends, Unix seconds, number of cells,
--         and per cell: destination, bytes
--       then the number of hashes of what was accepted, and per hash: destination, number of
--         fields, and per field: its name, and the number that was read in it
--       then the destinations of which something was delivered
-- Steps If somebody has folded since the caller read, its sums are out of date: nothing is done.
--       Otherwise the cells are written, and what they contain now leaves the journal and the
--       hashes of what was accepted, where more may have been counted meanwhile. A destination of
--       which something was accepted, but nothing delivered since, is silent from then on.
-- Returns 1, or 0 when it did nothing.

if (redis.call('GET', KEYS[2]) or '0') ~= ARGV[1] then
  return 0
end
redis.call('INCR', KEYS[2])
redis.call('LTRIM', KEYS[3], ARGV[2], -1)

local arg, key = 3, 6

local function take()
  arg = arg + 1
  return ARGV[arg - 1]
end

-- What has another type than ours is junk, and would stop every fold from now on.
local function clear_junk(hash)
  local kind = redis.call('TYPE', hash).ok
  if kind ~= 'hash' and kind ~= 'none' then
    redis.call('UNLINK', hash)
  end
end

local function write_cells(hash)
  local name, score, ends = take(), take(), take()
  clear_junk(hash)
  for _ = 1, tonumber(take()) do
    redis.call('HSET', hash, take(), take())
  end
  redis.call('EXPIREAT', hash, ends)
  redis.call('ZADD', KEYS[1], score, name)
end

local function take_accepted(hash)
  local destination = take()
  clear_junk(hash)
  for _ = 1, tonumber(take()) do
    local field = take()
    if redis.call('HINCRBY', hash, field, '-' .. take()) == 0 then
      redis.call('HDEL', hash, field)
    end
  end
  if redis.call('EXISTS', hash) == 0 then
    redis.call('ZREM', KEYS[4], destination)
  end
  redis.call('ZADD', KEYS[5], 'NX', text(now), destination)
end

for _ = 1, tonumber(take()) do
  write_cells(KEYS[key])
  key = key + 1
end
for _ = 1, tonumber(take()) do
  take_accepted(KEYS[key])
  key = key + 1
end
while ARGV[arg] do
  redis.call('ZREM', KEYS[5], take())
end
return 1
