-- Write down what became of events that no settlement ended.
--
-- KEYS  those of lib/receipts.lua
-- ARGV  1 destination  2–5 what lib/receipts.lua wants to know, then the receipts

write_receipts(receipts_at(2), ARGV[1])
