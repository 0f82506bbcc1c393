"""What `tiktok-events serve` answers over HTTP: probes, figures for machines, and the console.

Stateless: everything it shows is read from Redis, so any number of them may run. Needs the extra
`serve`; imports `operations`, `replays` and what stands below them, and is imported by the command
line alone.
"""
