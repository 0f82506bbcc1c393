-- Decide what a figure means for its alert: nothing, an incident that begins, goes on, or is over.
--
-- KEYS  1 alerts  2 announcements
-- ARGV  1 alert  2 figure  3 threshold
--       4 below this figure an incident is calm  5 ms that it must stay calm to be over
--       6 the figure, JSON
-- Steps Looking and deciding are one step, so only one of two workers is told that an incident
--       has begun or ended. That stands among the announcements until the worker has said so.
-- Returns {'', since, peak} = no incident, or {'begun' | 'on' | 'over', since, peak}; Unix ms;
--       with 'begun' and 'over' also the announcement.

local alert, figure = ARGV[1], tonumber(ARGV[2])
local since, calm_since, peak = text(now), '0', ARGV[2]

local known = redis.call('HGET', KEYS[1], alert)
if not known and figure < tonumber(ARGV[3]) then
  return {'', since, peak}
end
if known then
  local began, calm, most = string.match(known, '^(%d+) (%d+) (%S+)$')
  since, calm_since = began or since, calm or calm_since -- what is no incident of ours begins now
  peak = figure > (tonumber(most) or figure) and ARGV[2] or tonumber(most) and most or ARGV[2]
end

local function told(phase)
  local notice = '{"phase":"%s","since":%s,"peak":%s,"figure":%s}'
  notice = string.format(notice, phase, since, peak, ARGV[6])
  return {phase, since, peak, add_announcement(KEYS[2], notice)}
end

if figure >= tonumber(ARGV[4]) then
  calm_since = '0'
elseif calm_since == '0' then
  calm_since = text(now)
end
if calm_since ~= '0' and now - tonumber(calm_since) >= tonumber(ARGV[5]) then
  redis.call('HDEL', KEYS[1], alert)
  return told('over')
end
redis.call('HSET', KEYS[1], alert, since .. ' ' .. calm_since .. ' ' .. peak)
if known then
  return {'on', since, peak}
end
return told('begun')
