-- Take over `track` messages of Celery applications that know nothing of our key prefix.
--
-- KEYS  1 the list such an application sends to  2 the list our workers read
-- ARGV  1 how many at most
-- Returns how many. Nothing is lost on the way: each one moves in one step.

if redis.call('TYPE', KEYS[1])['ok'] ~= 'list' then
  return 0
end
local moved = 0
while moved < tonumber(ARGV[1]) and redis.call('LMOVE', KEYS[1], KEYS[2], 'RIGHT', 'LEFT') do
  moved = moved + 1
end
return moved
