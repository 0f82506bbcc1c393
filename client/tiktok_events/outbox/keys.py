"""Every Redis key of the outbox: the only place where one is spelled.

A key is ``<namespace>:{<tag>}:<name>``. All keys of a shard carry the same hash tag, so that a
script may touch them together on Redis Cluster; see `shards`. What an installation has once has
a tag of its own: workers, sweeping, dead:warned, alerts, alerts:deaths, alerting, withdrawals,
withdrawing, folding, coverage, what the console has, who tells operators, and the announcements
of incidents.

    key                       type         members, lifetime, writer
    ready                     sorted set   destination → due, Unix ms; there while it has work
    sequence                  string       newest number of a block or of dead letters; for ever
    counters                  hash         name → count since the first start; for ever
    awake                     string       a deliver task is polling; a second or two
    workers                   sorted set   worker → when it last looked, Unix ms; some seconds
    parked                    hash         destination → digest of the token it was parked for,
                                           '' when by hand; while it is parked
    salvaged                  hash         <destination> <place> → events delivered with it mended
                                           or left out; for ever, 5,000 at most
    sweeping                  string       somebody looks for expired parked events; a minute
    clock                     string       the server's time when last looked at, Unix ms; for ever
    clocks                    hash         worker → ms that its clock differs, when seen; a minute
    delayed                   sorted set   event key → when it is released, Unix ms; until then
    delayed:events            hash         event key → JSON; with `delayed`
    delayed:ids               sorted set   <destination> NUL <event_id> NUL <event>; with `delayed`
    cancelled:<call>          string       how many a call of `cancel` took out; a minute
    outbox:<destination>      stream       blocks: n (events), b (JSON array); until it is empty
    state:<destination>       hash         waiting, failures, not_before, parked …; gone when idle
    attempts:<destination>    hash         block id → what its attempts met; gone with the block
    limit:<token digest>      hash         rate, next_at … of one access token; an hour
    sending:<file digest>     hash         how far a file was handed over; 30 days
    dead                      hash         dead letter id → line, JSON; until replayed or purged
    dead:of:<kind digest>     sorted set   dead letter id → deadline, Unix s; with `dead`
    dead:kinds                hash         kind digest → JSON; while there are letters of it
    dead:ledger               hash         <kind digest>|<deadline hour>|<hour of death> → letters,
                                           and their values in thousandths of the currency
    dead:event_ids            sorted set   <event_id> NUL <dead letter id>; with `dead`
    dead:warned               string       it was said that letters will be purged; a day
    alerts                    hash         open incident → since, calm since, peak; until it is over
    alerts:deaths             sorted set   how many had died, by Unix ms; the last minute
    alerting                  string       somebody has just looked at the figures; some seconds
    receipts:destinations     hash         digest → destination; for ever
    receipts:hours            hash         hour, w: or with offline events o: before it → bytes of
                                           its receipts at the last look; with them
    receipts:<hour digit>     list         what became of events that ended in that hour, and whose
                                           digests begin so; w: 8 days, o: 29
    audit                     stream       who did what to which events; the newest 50,000
    audit:acts                hash         entry of many steps → count, facts, at, result; with it
    accepted:<destination>    hash         <hour> <event> → accepted, until it is folded
    figures:journal           list         [hour, destination, cell] of each settlement; a second
    figures:accepted          sorted set   destination → since when it has `accepted`, Unix ms
    figures:folds             string       how often was folded: the fence of a fold; for ever
    figures:hours             sorted set   h:<hour> or d:<day> → bytes, 0 while it is not sealed
    figures:h:<hour>          hash         destination, * for all → cell; 35 days at most
    figures:d:<day>           hash         the same of a day; 36 days
    figures:silent            sorted set   destination → first accepted since a delivery, Unix ms
    figures:named             set          destinations that figures:totals counts apart; for ever
    figures:totals            hash         <figure> <destination> → sum since the first start
    folding                   string       a worker has just folded; a second
    coverage                  string       what alerts know of match keys, JSON; two hours
    operator:events           stream       what operators are to be told, in order; a day at most
    operator:telling          string       a worker tells, or pauses after a failure; until then
    operator:failures         string       how often telling has failed in a row; a day
    announcements             sorted set   to be told → end of its lease, Unix ms; until told
    withdrawals               hash         digest → match keys withdrawn, JSON; until taken back
    withdrawing               string       a worker has just begun to; some seconds
    console:<name>            string       a secret; previews used, an hour; tries, a minute
    erasing                   sorted set   erasure under way → when its lease ends, Unix ms
    replays                   sorted set   replay → when to ask a worker, Unix ms; inf while paused
    replays:ended             sorted set   replay → when it ended, Unix ms; the newest 100
    replay:<number>           hash         filter, rate, counts, state, lease …; with one of the two
    replay:places:<number>    hash         destination → place behind the last letter; until it ends
    replay:letters:<number>   hash         dead letter id → what became of it, and what it was,
                                           JSON; 1,000 of each replay, as long as the replay
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tiktok_events.outbox.broker_keys import BrokerKeys

GROUP: Final = "workers"
"""The consumer group of every outbox."""


class Named:
    """A key that each shard has once; spelled when it is first asked for."""

    def __init__(self, ending: str) -> None:
        self._ending = ending
        self._attribute = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._attribute = name

    def __get__(self, keys: Keys, owner: type | None = None) -> str:
        # An attribute of the instance goes before this, which is no data descriptor.
        key = keys.__dict__[self._attribute] = keys.prefix + self._ending
        return key


class Keys:
    """The keys of one shard.

    Args:
        namespace: of the installation.
        tag: the hash tag of the shard.

    Attributes:
        prefix: what all of them begin with.
    """

    ready = Named("ready")
    sequence = Named("sequence")
    counters = Named("counters")
    awake = Named("awake")
    workers = Named("workers")
    parked = Named("parked")
    salvaged = Named("salvaged")
    sweeping = Named("sweeping")
    clock = Named("clock")
    clocks = Named("clocks")
    delayed = Named("delayed")
    delayed_events = Named("delayed:events")
    delayed_ids = Named("delayed:ids")
    dead = Named("dead")
    dead_kinds = Named("dead:kinds")
    dead_ledger = Named("dead:ledger")
    dead_event_ids = Named("dead:event_ids")
    dead_warned = Named("dead:warned")
    alerts = Named("alerts")
    deaths = Named("alerts:deaths")
    alerting = Named("alerting")
    receipt_destinations = Named("receipts:destinations")
    receipt_hours = Named("receipts:hours")
    audit = Named("audit")
    audit_acts = Named("audit:acts")
    journal = Named("figures:journal")
    accepted = Named("figures:accepted")
    folds = Named("figures:folds")
    hours = Named("figures:hours")
    silent = Named("figures:silent")
    named = Named("figures:named")
    totals = Named("figures:totals")
    folding = Named("folding")
    coverage = Named("coverage")
    announcements = Named("announcements")
    operator_events = Named("operator:events")
    operator_telling = Named("operator:telling")
    operator_failures = Named("operator:failures")
    withdrawals = Named("withdrawals")
    withdrawing = Named("withdrawing")
    erasing = Named("erasing")
    replays = Named("replays")
    replays_ended = Named("replays:ended")

    def __init__(self, namespace: str, tag: str) -> None:
        self.prefix = f"{namespace}:{{{tag}}}:"
        self._doorbell = BrokerKeys(namespace).doorbell

    def bell(self, *, rings: bool) -> str:
        """The doorbell's queue; in its place, where another server has it, a key that there is.

        Redis Cluster refuses a script that declares keys of two slots, touched or not.
        """
        return self._doorbell if rings else self.awake

    def cancelled(self, call: str) -> str:
        """The answer of one call of `cancel`, for when it comes again."""
        return f"{self.prefix}cancelled:{call}"

    def console(self, name: str) -> str:
        """Something that the console remembers."""
        return f"{self.prefix}console:{name}"

    def outbox(self, destination: str) -> str:
        """The stream that holds a destination's blocks."""
        return f"{self.prefix}outbox:{destination}"

    def state(self, destination: str) -> str:
        """The hash of what is known about a destination."""
        return f"{self.prefix}state:{destination}"

    def dead_of(self, kind_digest: str) -> str:
        """The sorted set of the dead letters of one kind."""
        return f"{self.prefix}dead:of:{kind_digest}"

    def accepted_of(self, destination: str) -> str:
        """The hash of what was accepted of a destination, and is not folded yet."""
        return f"{self.prefix}accepted:{destination}"

    def cells(self, period: str) -> str:
        """The hash of the cells of an hour or a day, by its name in `figures:hours`."""
        return f"{self.prefix}figures:{period}"

    def of_append(self, destination: str) -> tuple[str, str, str]:
        """What appending needs of a destination, in its order."""
        return self.outbox(destination), self.state(destination), self.accepted_of(destination)

    def of_fold(self) -> list[str]:
        """What folding needs, in its order."""
        places = (self.hours, self.folds, self.journal, self.accepted, self.silent)
        return [*places, self.named, self.totals]

    def receipts(self, row: str, nibble: int) -> str:
        """The list of the receipts of an hour whose digests begin with a nibble."""
        return f"{self.prefix}receipts:{row}:{nibble:x}"

    def replay(self, number: int) -> str:
        """The hash of a replay: what was asked for, and how far it is."""
        return f"{self.prefix}replay:{number}"

    def replay_places(self, number: int) -> str:
        """The hash of how far a replay is in the letters of each destination."""
        return f"{self.prefix}replay:places:{number}"

    def replay_letters(self, number: int) -> str:
        """The hash of what became of the letters of a replay."""
        return f"{self.prefix}replay:letters:{number}"

    def of_replay_end(self, number: int) -> list[str]:
        """What a script needs in which a replay can end."""
        places = [self.replays, self.replay(number), self.replay_places(number)]
        return [*places, self.replays_ended, *self.of_audit()]

    def of_replays(self, numbers: Iterable[int]) -> list[str]:
        """What stays of each replay: its hash, and that of its letters."""
        return [
            key for number in numbers for key in (self.replay(number), self.replay_letters(number))
        ]

    def of_outbox(self, destination: str) -> list[str]:
        """What a script needs that claims blocks, in its order."""
        return [
            self.ready,
            self.outbox(destination),
            self.state(destination),
            self.attempts(destination),
        ]

    def of_blocks(self, destination: str) -> list[str]:
        """The keys that a script which moves blocks needs, in its order."""
        return [*self.of_outbox(destination), self.counters, self.sequence]

    def limit(self, token_digest: str) -> str:
        """The hash of how fast requests with one access token may follow each other."""
        return f"{self.prefix}limit:{token_digest}"

    def sending(self, file_digest: str) -> str:
        """The hash of how far a file of events was handed over."""
        return f"{self.prefix}sending:{file_digest}"

    def attempts(self, destination: str) -> str:
        """The hash of what a destination's blocks met so far."""
        return f"{self.prefix}attempts:{destination}"

    def of_delayed(self) -> list[str]:
        """What a script needs that delays events or cancels them."""
        return [self.counters, self.delayed, self.delayed_events, self.delayed_ids]

    def of_letters(self) -> list[str]:
        """What finds dead letters, in the order of `lua/lib/letters.lua`; without kinds' sets."""
        return [self.dead, self.dead_kinds, self.dead_ledger, self.dead_event_ids]

    def of_audit(self) -> list[str]:
        """What a script needs that writes the audit."""
        return [self.audit, self.audit_acts, self.counters]
