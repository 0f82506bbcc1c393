-- Stands before the scripts that end events: what became of a dead letter that was replayed.
--
-- `replay` is its hash, `letters` that of its letters: id → what became of it, and after a line
-- break what it was, JSON. One that has been forgotten stays so.

local function note_end(replay, letters, letter, field, words)
  if redis.call('EXISTS', replay) == 0 then
    return
  end
  redis.call('HINCRBY', replay, field, 1)
  local known = redis.call('HGET', letters, letter)
  if known then
    redis.call('HSET', letters, letter, words .. string.match(known, '\n.*$'))
  end
end

