-- Read on in the sets of some kinds of dead letters; changes nothing.
--
-- KEYS  sets of kinds: dead letter id → deadline
-- ARGV  1 letters wanted of each
--       then per set: deadline and id to read on after, and the last deadline wanted
-- Returns per set {id, deadline, …}, in the order of (deadline, id).

-- Lua compares strings by the server's locale, the set by bytes.
local function stands_before(one, other)
  for place = 1, math.min(#one, #other) do
    local difference = string.byte(one, place) - string.byte(other, place)
    if difference ~= 0 then
      return difference < 0
    end
  end
  return #one < #other
end

local function rank_after(set, deadline, id)
  local low = redis.call('ZCOUNT', set, '-inf', '(' .. deadline)
  local high = low + (id == '' and 0 or redis.call('ZCOUNT', set, deadline, deadline))
  while low < high do
    local middle = math.floor((low + high) / 2)
    if stands_before(id, redis.call('ZRANGE', set, middle, middle)[1]) then
      high = middle
    else
      low = middle + 1
    end
  end
  return low
end

local pages = {}
for number, set in ipairs(KEYS) do
  local arg = 3 * number - 1
  local first, until_deadline = rank_after(set, ARGV[arg], ARGV[arg + 1]), tonumber(ARGV[arg + 2])
  local page = redis.call('ZRANGE', set, first, first + ARGV[1] - 1, 'WITHSCORES')
  while #page > 0 and tonumber(page[#page]) > until_deadline do
    page[#page], page[#page - 1] = nil, nil
  end
  pages[number] = page
end
return pages
