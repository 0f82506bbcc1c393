-- Stands before the scripts that end events: what became of each is written down as a receipt.
--
-- Four arguments tell of the receipts:
--       how many there are: the last arguments, each an element of the list that stands in the
--       same place among the last keys
--       for how many seconds these lists are kept
--       the row of their hour, in the hash of all hours that have receipts
--       the digest by which they name the destination
-- Before the lists stand two keys: destinations by digest, and hours.

local LAST_DEATH = 7 -- what became of an event: 0 delivered, up to this one dead
local ERASED = 8

-- Whether this is an element as we write it; one that was emptied is not.
local function is_whole(element)
  local size = #element > 2 and struct.unpack('>H', element) or 0
  return size > 10 and size < #element and (#element - size) % 13 == 0
end

local function receipts_at(arg)
  local count = tonumber(ARGV[arg])
  return {
    first_key = #KEYS - 1 - count,
    first_list = #KEYS + 1 - count,
    first_element = #ARGV + 1 - count,
    keep = ARGV[arg + 1],
    row = ARGV[arg + 2],
    digest = ARGV[arg + 3],
  }
end

-- A key that is not as we write it is passed over: no receipt is worth an event.
local function write_receipts(receipts, destination)
  local ahead = receipts.first_element - receipts.first_list
  for key = receipts.first_list, #KEYS do
    if redis.pcall('RPUSH', KEYS[key], ARGV[key + ahead]) == 1 then
      redis.call('EXPIRE', KEYS[key], receipts.keep)
      redis.pcall('HSETNX', KEYS[receipts.first_key + 1], receipts.row, 0)
    end
  end
  if receipts.first_list <= #KEYS then
    redis.pcall('HSETNX', KEYS[receipts.first_key], receipts.digest, destination)
  end
end

