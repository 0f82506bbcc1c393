-- Note how far an act has come whose steps no script of ours makes: that it goes on, or how it ended.
--
-- KEYS  1 ready  2 acts
-- ARGV  1 the step of the act  2 how many more  3 its result, in a word or two; '' = it goes on
-- Returns 1, or 0 when its entry has gone.

note_step(KEYS[2], ARGV[1], tonumber(ARGV[2]))
local act = string.match(ARGV[1], '^%S+')
local known = redis.call('HGET', KEYS[2], act)
if known and ARGV[3] ~= '' then
  local progress = cjson.decode(known)
  progress.result = ARGV[3]
  redis.call('HSET', KEYS[2], act, cjson.encode(progress))
end
return known and 1 or 0
