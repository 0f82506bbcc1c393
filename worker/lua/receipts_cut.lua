-- Forget the oldest receipts of a list, because all of them take too much memory.
--
-- KEYS  1 counters  2 the list
-- ARGV  1 how many elements at most
-- Steps Those of events that were delivered or died are counted as cut.
-- Returns how many elements went.

local page = redis.pcall('LRANGE', KEYS[2], 0, ARGV[1] - 1)
if page.err then
  return 0 -- not as we write it
end
local cut = 0
for _, element in ipairs(page) do
  if is_whole(element) then
    for at = struct.unpack('>H', element) + 1, #element, 13 do
      cut = cut + (string.byte(element, at + 8) % 16 <= LAST_DEATH and 1 or 0)
    end
  end
end
redis.call('LTRIM', KEYS[2], #page, -1)
redis.call('HINCRBY', KEYS[1], 'receipts_cut', cut)
return #page
