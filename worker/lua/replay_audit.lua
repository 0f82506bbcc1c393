-- Stands before the scripts that write down what was done to a replay, or how it ended: all that
-- the entry says stands in the replay itself.

-- `count` names what is counted: 'selected', when it is asked for, else 'replayed';
-- `elsewhere` is what other shards have counted, JSON.
local function write_replay(audit, acts, counters, most, replay, number, who, result, count, elsewhere)
  local flat, known = redis.call('HGETALL', replay), {}
  for i = 1, #flat, 2 do
    known[flat[i]] = flat[i + 1]
  end
  local more = cjson.decode(elsewhere or '{}')
  local function counted(name)
    return tonumber(known[name] or '0') + (more[name] or 0)
  end
  local skipped = counted('skipped_expired') + counted('skipped_ambiguous')
    + counted('skipped_no_destination')
  local gone = counted('missing')
  if known.state == 'finished' then
    gone = gone + math.max(counted('selected') - counted('replayed') - skipped, 0)
  end
  local facts = {replay = tonumber(number), rate = tonumber(known.rate)}
  facts.accept_duplicates = known.accept_duplicates == '1' or nil
  facts.skipped = skipped > 0 and skipped or nil
  facts.gone = gone > 0 and gone or nil
  return write_audit(audit, acts, counters, {
    tonumber(most), 'who', who or known.asked_by, 'action', 'replay', 'what', known.words,
    'count', text(counted(count)), 'result', result, 'facts', cjson.encode(facts),
  })
end

