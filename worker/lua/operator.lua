-- Stands before the scripts in which something happens that operators are told by webhook.
--
-- An entry of the stream is told in its turn, and stays until it was; the oldest go where nobody
-- tells any.

local MOST_OPERATOR_EVENTS = 10000

local function note_for_operator(events, kind, facts)
  redis.call('XADD', events, 'MAXLEN', '~', MOST_OPERATOR_EVENTS, '*', 'k', kind, 'n', facts)
end

