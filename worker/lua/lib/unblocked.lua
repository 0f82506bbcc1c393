-- Stands before the scripts that must run on a server at its memory limit, because they are
-- what empties it. Redis refuses a command that may need memory only until the script has
-- written something; ZREM needs none, and there is no such destination.
-- Source: scriptVerifyOOM in valkey's and redis's src/script.c (read 2026-11-22).

redis.call('ZREM', KEYS[1], '')

