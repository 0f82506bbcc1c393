-- Look for delayed events by their ids, in some of the destinations; changes nothing.
--
-- KEYS  1 delayed:ids
-- ARGV  1 the destination behind which to begin, or ''  2 how many destinations at most
--       then ids as they stand in the keys: as JSON
-- Returns {the last destination that was looked at, or '' when there are no more, event key, …}.

local from, found, last = '-', {''}, ''
if ARGV[1] ~= '' then
  from = '(' .. ARGV[1] .. '\1' -- behind it stands a NUL in each of its keys
end
for _ = 1, tonumber(ARGV[2]) do
  local first = redis.call('ZRANGEBYLEX', KEYS[1], from, '+', 'LIMIT', 0, 1)[1]
  if not first then
    return found
  end
  last = string.match(first, '^%Z*')
  from = '(' .. last .. '\1'
  for arg = 3, #ARGV do
    local key = last .. '\0' .. ARGV[arg]
    for _, one in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], '[' .. key .. '\0', '(' .. key .. '\1')) do
      found[#found + 1] = one
    end
  end
end
found[1] = last
return found
