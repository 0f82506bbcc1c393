-- Look at the first block of an outbox, without its payload.
--
-- KEYS  1 outbox
-- ARGV  1 '1' = also when its earliest event happened, which takes decoding it
-- Returns {its id or '', Unix s or ''}; '' stands where the outbox is empty or no stream, or where
--       the time is not known.

local found = redis.pcall('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)
local first = found[1]
if found.err or not first then
  return {'', ''}
end

local known, events = pcall(cjson.decode, ARGV[1] == '1' and first[2][4] or '[]')
local earliest
for _, event in ipairs(known and type(events) == 'table' and events or {}) do
  local at = type(event) == 'table' and tonumber(event.event_time)
  if at and at < (earliest or math.huge) then
    earliest = at
  end
end
return {first[1], earliest and text(earliest) or ''}
