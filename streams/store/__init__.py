"""Redis: where scores and positions are kept, written together or not at all.

    process     Store: one per process; check() before the start, lane(p) for each partition held
    lane_store  RedisLane: the port `LaneStore`, one partition's keys and their owner
    rebuilt_lane RebuiltLane: the same for a rebuild, of the scores in use and of the draft that is to replace them
    scripts/    acquire.lua, commit.lua, accept.lua, empty.lua: the only writers of a lane's keys; and questions
    commit      a commit as the arguments of commit.lua; pure
    entries     an outbox entry as the fields of a stream entry, and back; pure
    refusals    what a script's refusal means for the operator; pure
    reader      Reader: questions that change nothing, for the command line and the console
    queries     questions that lanes and readers share
    condition   how each Redis server is: version, clock, memory, eviction, what it last saved
    safety      may scores be kept there; pure
    vitals      what a worker shows of it; pure
    address     which Redis, who we are there, and TLS
    connection  what is asked of Redis, be it one server or a cluster
    node        one server: its pool, and the one place where redis-py's errors become ours
    cluster     Redis Cluster: each lane on the primary that has its slot, wherever that goes
    slots       which node of a cluster has which slot; pure
    keys        the names of all keys

A commit checks first (owner, repeated id, ver, offsets, types of keys) and then writes only what cannot fail:
Redis does not roll a script back. An error means that nothing was written, except StoreUnavailable, after
which the same commit is sent again: if it had been written, its repeat is recognised by its id.

Keys, under the prefix `ll` (a setting), p being the partition. Names and fields are a promise to readers:

    {ll:p}:meta          hash          below
    {ll:p}:lead:<id>     string        the lead's state, packed by scoring/lead.py
    {ll:p}:timers        sorted set    lead -> ms since 1970 at which its band may change without an input
    {ll:p}:board         sorted set    lead -> an upper bound of its score from now on
    {ll:p}:outbox        stream        entries on their way to Kafka, id `<number>-0`: t topic, p partition,
                                       k key, v value, h headers (msgpack), ts timestamp; absent: left out
    {ll:p}:history:<id>  list          the lead's changes as published, newest first, at most 50
    {ll:p}:profile:<id>  string        what is known about who the lead is: JSON, field -> [occurred ms, value]
    {ll:p}:outcomes      stream        `outcome`: what became of a lead, with what was known of it then; JSON
    {ll:p}:told:<id>     list          ids of the lead's entries in outcomes, so that they go with the lead
    {ll:p}:erased        hash          keyed hash of an erased lead's id -> ms up to which its inputs are ignored
    {ll:p}:journal       stream        `entry`: what each commit applied; only if the worker keeps a journal
    {ll:p}:absent                      never there: so a slot that is being moved is found before a commit begins
    {ll:p}:draft:...                   the same keys, while a rebuild computes the lane anew

Fields of meta (text; "store": maintained by the scripts, "lane": written by the lane with a commit):

    token                       store  who owns the lane; drawn anew at each acquire
    ver                         store  commits made, from 0; what a commit compares and adds one to
    commit                      store  id of the last commit
    offset:<topic>              store  next offset to apply; absent until the topic's first commit, and then
                                       any start is accepted: `ver` alone says that nothing came between
    outbox                      store  number of the last outbox entry ever written, from 0
    layout                      store  `<partitions>:murmur2`; another one is refused
    format                      store  newest format of states written; newer than the code's is refused
    environment                 store  name of the environment; another one is refused
    lineage                     store  which scores these are: drawn when the lane is written for the first time
    timeline                    both   which history of this lane the changes belong to, from 1
    timeline_base               lane   number of the last outbox entry that this timeline does not publish
    publisher                   lane   the token of the take-over that may publish; the one that had published
    publisher_before            lane     last when it began: a mark in Kafka of another is of one that is lost here
    print:<topic>               lane   the record applied last: `<offset>:<hash of timestamp, key and value>`
    gone:<topic>                lane   records that were scored and that no log holds any more: it was made anew
    origin:<topic>:<partition>  lane   highest offset applied of the records re-keyed from there
    stream_time                 lane   ms to which the lane has been brought
    seq:<topic>                 lane   number of the last change written for that output topic
    open                        lane   `1` from a take-over until its owner ends in order, else empty
    trying                      lane   what is being tried: its first record `<topic>/<offset>/<deaths>`, else empty
    erasure_key                 lane   of the hashes in `erased`
    model_version, model_body   lane   the scoring model in force: its label and its YAML
    model_since, model_ordinal  lane   since which ms; how many models the lane has had, from 1
    first_model                 lane   the YAML of the model that the lane began with
    rebuild                     both   only while a rebuild owns the lane: its timeline, `begun` before it has one
    moved                       lane   of a draft: it is of no more use
    next_model_version, _body,  lane   the same of a model that is being put in force, and the record that
      _since, _cause                   brought it; empty when none is
"""

from streams.store.condition import ATTEMPTS, Condition, Look
from streams.store.process import Store
from streams.store.reader import Counts, NothingScored, Reader, Remains

__all__ = ["ATTEMPTS", "Condition", "Counts", "Look", "NothingScored", "Reader", "Remains", "Store"]
