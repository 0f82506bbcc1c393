-- After the server's clock jumped back: end every wait that was measured on the old one.
--
-- KEYS  1 ready  2 clock  3 awake
--       then per destination: outbox, state
-- ARGV  1 how far behind is a jump, ms  2 '1' = these are the last destinations
--       then the destinations
-- Steps Nothing is done when the jump was mended meanwhile.
--       Each destination is due now, its back-off ends, and each claim's lease begins anew with
--       the holder and the number of claims that it has.
--       After the last one nobody counts as awake, and the new time is remembered.
-- Returns 1, or 0 when there was nothing to mend.

local PAGE = 1000

if tonumber(redis.call('GET', KEYS[2]) or '0') <= now + tonumber(ARGV[1]) then
  return 0
end

local function begin_leases_anew(outbox)
  local from, pending = '-', nil
  repeat
    pending = redis.pcall('XPENDING', outbox, GROUP, from, '+', PAGE)
    if pending.err then
      return -- the outbox has gone
    end
    for _, held in ipairs(pending) do
      local id, holder, claims = held[1], held[2], held[4]
      redis.call('XCLAIM', outbox, GROUP, holder, 0, id, 'IDLE', 0, 'RETRYCOUNT', claims, 'JUSTID')
      from = '(' .. id
    end
  until #pending < PAGE
end

for i = 3, #ARGV do
  local outbox, state = KEYS[2 * i - 2], KEYS[2 * i - 1]
  redis.call('ZADD', KEYS[1], 'XX', now, ARGV[i])
  redis.call('HDEL', state, 'not_before', 'stale_check')
  begin_leases_anew(outbox)
end

if ARGV[2] == '1' then
  redis.call('DEL', KEYS[3])
  redis.call('SET', KEYS[2], text(now))
end
return 1
