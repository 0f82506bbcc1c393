
-- Whether there is a message to be read.
--
-- KEYS  1 inbox:due  then the lists
-- Returns 1 or 0.

if redis.call('ZCOUNT', KEYS[1], '-inf', now) > 0 then
  return 1
end
for i = 2, #KEYS do
  if redis.call('TYPE', KEYS[i])['ok'] == 'list' then
    return 1
  end
end
return 0
