-- Stands before every script of the outbox; before it stands DOORBELL, the message that rings.

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000) -- Unix ms, the server's

local function text(number)
  return string.format('%.0f', number)
end

-- An id is <ms>-<block number>: the number is never used twice, even when a stream is
-- deleted and made anew. After the clock jumped back the stream's own newest ms is kept.
-- Without a mark, nobody knows who made its events.
local function add_block(outbox, sequence, events, payload, mark)
  local fields = {'n', events, 'b', payload}
  if mark and mark ~= '' then
    fields = {'n', events, 'b', payload, 'c', mark}
  end
  local number = redis.call('INCR', sequence)
  local ms = text(now)
  local added = redis.pcall('XADD', outbox, ms .. '-' .. text(number), unpack(fields))
  if type(added) == 'table' and added.err then
    local info = redis.call('XINFO', 'STREAM', outbox)
    for i = 1, #info, 2 do
      if info[i] == 'last-generated-id' then
        ms = string.match(info[i + 1], '^(%d+)')
      end
    end
    added = redis.call('XADD', outbox, ms .. '-' .. text(number), unpack(fields))
  end
  return number, added
end

local function this_hour() -- hours since 1970
  return text(math.floor(now / 3600000))
end

-- What was accepted in this hour, by event name, until a worker folds it into the figures. A name
-- may be anything: beyond so many fields those of an hour count together. A key that is not as we
-- write it is passed over: no count is worth an event.
local MOST_ACCEPTED = 1000
local function count_accepted(unfolded, hash, destination, event, by)
  local hour = this_hour()
  local count = redis.pcall('HINCRBY', hash, hour .. ' ' .. event, by)
  if count == tonumber(by) then
    redis.pcall('ZADD', unfolded, 'NX', text(now), destination)
    if event ~= '*' and redis.call('HLEN', hash) > MOST_ACCEPTED then
      redis.call('HDEL', hash, hour .. ' ' .. event)
      redis.call('HINCRBY', hash, hour .. ' *', by)
    end
  end
end

-- Due at a time, but never while parked, and not before a back-off has ended.
local function make_due(ready, name, state, due)
  local known = redis.call('HMGET', state, 'parked', 'not_before')
  if known[1] then
    return
  end
  local not_before = tonumber(known[2] or '0')
  if not_before > now then
    redis.call('ZADD', ready, 'NX', not_before, name)
  else
    redis.call('ZADD', ready, 'LT', due, name)
  end
end

-- One message in the doorbell's queue is enough, however many are deaf.
local function ring(queue, number)
  if redis.call('LLEN', queue) == 0 then
    redis.call('LPUSH', queue, (string.gsub(DOORBELL, '@TAG@', text(number))))
    return 1
  end
  return 0
end

