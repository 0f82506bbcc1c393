-- Stands before the scripts that write the audit, or count a step of what stands in it.
--
-- An act that takes many steps has one entry, written before the first of them, and its progress
-- in `acts` under the entry's id: {count, facts, at (Unix ms of the last step), result}. The
-- oldest entries go when there are too many, their progress with them, and are counted.

-- `parts` are: how many entries are kept, then field, value, …
local function write_audit(audit, acts, counters, parts)
  local id = redis.call('XADD', audit, '*', unpack(parts, 2))
  local gone, surplus = {}, redis.call('XLEN', audit) - parts[1]
  if surplus > 0 then
    local oldest = redis.call('XRANGE', audit, '-', '+', 'COUNT', surplus)
    for _, entry in ipairs(oldest) do
      redis.call('HDEL', acts, entry[1])
      redis.call('XDEL', audit, entry[1])
      gone[#gone + 1] = entry[1]
    end
    redis.call('HINCRBY', counters, 'audit_trimmed', #oldest)
  end
  return id, gone
end

-- `step` is the id of an act, and perhaps a blank and the name of a fact that counts up too;
-- or '', when nobody keeps an account. An act whose entry has gone is not counted any more.
local function note_step(acts, step, by)
  local act, name = string.match(step, '^(%S+) ?(%S*)$')
  local known = act and redis.call('HGET', acts, act)
  if not known then
    return
  end
  local progress = cjson.decode(known)
  progress.count, progress.at = progress.count + by, now
  if name ~= '' and by > 0 then
    progress.facts[name] = (progress.facts[name] or 0) + by
  end
  redis.call('HSET', acts, act, cjson.encode(progress))
end

