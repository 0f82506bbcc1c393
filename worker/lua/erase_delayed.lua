-- Take a delayed event of a data subject out, and count it for the act that wants it, in one step.
-- Before this stands cancel.lua as the function `cancel`, which sees the same KEYS and ARGV.
--
-- KEYS  those of cancel.lua, then: 6 acts
-- ARGV  those of cancel.lua, then: 6 the step of an act
-- Returns what cancel.lua returns.

local taken = cancel()
note_step(KEYS[6], ARGV[6], taken)
return taken
