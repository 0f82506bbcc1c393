-- Stands before the scripts that a replay can end in: what it needed only for its work goes,
-- its filter too, which may name a person; what it has done stays to be read.

local function end_replay(replays, replay, places, ended, events, number, state)
  redis.call('HSET', replay, 'state', state, 'ended_at', text(now))
  redis.call('HDEL', replay, 'filter', 'ids', 'lease_until', 'holder', 'waits_for', 'all_waits')
  redis.call('DEL', places)
  redis.call('ZREM', replays, number)
  redis.call('ZADD', ended, now, number)
  local facts = {replay = tonumber(number), state = state}
  note_for_operator(events, 'replay.ended', cjson.encode(facts))
end

