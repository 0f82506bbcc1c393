-- Decide what a figure means for its alert: nothing, an incident that begins, goes on, or is over.
--
-- KEYS  1 alerts
-- ARGV  1 alert  2 figure  3 threshold
--       4 below this figure an incident is calm  5 ms that it must stay calm to be over
-- Steps looking and deciding are one step: of two workers, one is told that it has begun or ended.
-- Returns {'', since, peak} = no incident, or {'begun' | 'on' | 'over', since, peak}; Unix ms.

local alert, figure = ARGV[1], tonumber(ARGV[2])
local since, calm_since, peak = text(now), '0', ARGV[2]

local known = redis.call('HGET', KEYS[1], alert)
if not known and figure < tonumber(ARGV[3]) then
  return {'', since, peak}
end
if known then
  since, calm_since, peak = string.match(known, '^(%d+) (%d+) (%S+)$')
  peak = figure > tonumber(peak) and ARGV[2] or peak
end

if figure >= tonumber(ARGV[4]) then
  calm_since = '0'
elseif calm_since == '0' then
  calm_since = text(now)
end
if calm_since ~= '0' and now - tonumber(calm_since) >= tonumber(ARGV[5]) then
  redis.call('HDEL', KEYS[1], alert)
  return {'over', since, peak}
end
redis.call('HSET', KEYS[1], alert, since .. ' ' .. calm_since .. ' ' .. peak)
return {known and 'on' or 'begun', since, peak}
