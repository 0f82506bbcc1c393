-- Take the receipts of some events out of a part of a list; that they were erased stays.
--
-- KEYS  1 counters  2 the list
-- ARGV  1 place of the first element  2 how many elements
--       then 7 bytes of the digest of each event
-- Steps An element that has lost its last receipt stays empty, so that places do not change.
--       Receipts of events that were delivered or died are counted as erased.
-- Returns how many elements there were.

local DIGEST, ENTRY = 7, 13
local first = tonumber(ARGV[1])
local page = redis.pcall('LRANGE', KEYS[2], first, first + ARGV[2] - 1)
if page.err then
  return 0 -- not as we write it
end
local erased = 0

local function find(element, digest, size, from)
  local at = string.find(element, digest, from, true)
  while at and (at - 1 - size) % ENTRY ~= 0 do
    at = string.find(element, digest, at + 1, true)
  end
  return at
end

local function without(element, digest)
  local size = struct.unpack('>H', element)
  local at = find(element, digest, size, size + 1)
  while at do
    local end_ = string.byte(element, at + DIGEST + 1) % 16
    if end_ == ERASED then
      at = find(element, digest, size, at + ENTRY)
    else
      erased = erased + (end_ <= LAST_DEATH and 1 or 0)
      element = string.sub(element, 1, at - 1) .. string.sub(element, at + ENTRY)
      at = find(element, digest, size, at)
    end
  end
  return #element > size and element or ''
end

for place, element in ipairs(page) do
  local left = element
  for arg = 3, #ARGV do
    if is_whole(left) then
      left = without(left, ARGV[arg])
    end
  end
  if left ~= element then
    redis.call('LSET', KEYS[2], first + place - 1, left)
  end
end
if erased > 0 then
  redis.call('HINCRBY', KEYS[1], 'receipts_erased', erased)
end
return #page
