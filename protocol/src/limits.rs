//! The policy sheet: every size, rate and age that bounds something, with its unit and its reason.
//!
//! A number that limits input, memory, disk or patience stands here and nowhere else.

use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};

/// Wire version of headers, requests and evidence. 0 while Haat is young; freezing it as 1 is a decision of its own.
pub const WIRE_VERSION: u64 = 0;
/// Name of the network that signatures are bound to; another network's entries are refused.
pub const NETWORK: &str = "haat";
/// Integers in signed bytes stay below 2^53, so that every language reads them exactly.
pub const INTEGER_MAX: u64 = 1 << 53;

/// Bytes of one entry header. A header is all that is kept for ever, so it is small.
pub const HEADER_MAX_BYTES: usize = 1024;
/// Bytes of one detached payload, padding and tag included, so that an entry fits one gossip message.
pub const PAYLOAD_MAX_BYTES: usize = 32 * 1024;
/// Bytes of one gossip message.
pub const GOSSIP_MAX_BYTES: usize = 64 * 1024;
/// Bytes of one order event.
pub const ORDER_EVENT_MAX_BYTES: usize = 16 * 1024;
/// Bytes of one order message (several events and receipts).
pub const ORDER_MESSAGE_MAX_BYTES: usize = 64 * 1024;
/// Bytes of a file that is the goods of an order, so that it fits one message beside events and receipts.
pub const CONTENT_MAX_BYTES: usize = 48 * 1024;
/// Bytes of an address and what else the seller is told in confidence.
pub const PERSONAL_MAX_BYTES: usize = 4 * 1024;
/// Disputes that others laid before a node for its person to decide: more than anybody decides, few enough to read at a glance.
pub const CASES_MAX: usize = 256;
/// The same by one party.
pub const CASES_PER_PERSON_MAX: usize = 8;
/// Milliseconds for which a dispute stays with who is to decide it, since it was last laid before them.
pub const CASE_KEEP_MS: u64 = 90 * DAY_MS;
/// Milliseconds after which what was enclosed is destroyed, once an order is completed or closed.
pub const ENCLOSED_KEEP_MS: u64 = 30 * DAY_MS;
/// The same for an order that came to nothing.
pub const ENCLOSED_KEEP_CANCELLED_MS: u64 = DAY_MS;
/// Bytes of an evidence file that `verify` is willing to read.
pub const EVIDENCE_MAX_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of one request on the sync and direct protocols.
pub const REQUEST_MAX_BYTES: usize = 128 * 1024;
/// Bytes of one response on the sync and direct protocols.
pub const RESPONSE_MAX_BYTES: usize = 512 * 1024;
/// Bytes of one signed record (prekey, addresses).
pub const RECORD_MAX_BYTES: usize = 4 * 1024;
/// Bytes of one identity operation.
pub const OPERATION_MAX_BYTES: usize = 4 * 1024;

/// Causal references in one header.
pub const REFS_MAX: usize = 8;
/// Extensions in one header.
pub const EXTENSIONS_MAX: usize = 8;
/// Entries of one log that wait for something missing; the next one is dropped, sync will bring it again.
pub const PARKED_PER_LOG_MAX: usize = 4096;
/// Entries of all logs together that wait for something missing; when they are as many, those that still wait are let go.
pub const PARKED_MAX: u64 = 8192;
/// Lamport times from here on are followed in one's own log only: one lie must not use up the numbers of a whole circle.
pub const LAMPORT_FOLLOWED_MAX: u64 = INTEGER_MAX / 2;
/// Operations in one identity chain.
pub const OPERATIONS_MAX: usize = 256;
/// Ends of logs that one revocation may let stand, so that it fits one operation.
pub const CUTS_MAX: usize = 32;
/// Numbers that a log may have: more than anybody can open by the rule of days.
pub const LOG_NUMBERS_MAX: u64 = 1 << 32;
/// Numbers of logs that come free with each day since a space was begun, so that nobody is ever locked out for longer than a day,
/// and nobody floods a space with logs at once.
pub const LOG_NUMBERS_PER_DAY: u64 = 4096;
/// How far the number of a new log may lie from the last one: two homes of one device hardly ever choose the same. The steps grow
/// smaller as the numbers of the day run out, so that there are some 600 logs before none is left until the next.
pub const LOG_STEP_MAX: u64 = 64;

/// How far ahead a claimed time may be before the entry waits.
pub const CLOCK_SKEW_MS: u64 = 10 * MINUTE_MS;

/// Members of one circle.
pub const CIRCLE_MEMBERS_MAX: usize = 500;
/// Members at which a circle is warned that it is getting large.
pub const CIRCLE_MEMBERS_WARN: usize = 150;
/// Circles of one node: topics are announced in one gossip control message.
pub const CIRCLES_MAX: usize = 512;
/// Characters of a circle's, a shop's or a person's name.
pub const NAME_MAX_CHARS: usize = 64;
/// Life of an invite unless its maker says otherwise.
pub const INVITE_LIFE_MS: u64 = 7 * DAY_MS;
/// Joins one invite may admit at most.
pub const INVITE_USES_MAX: u64 = 100;
/// Entries of a log beyond a removal's cut that are kept without effect: the removal of who removed may be among them.
pub const BEYOND_CUT_MAX: u64 = 64;
/// Walks of the fold over a circle's membership entries; each settles more of what the removals do to each other.
pub const FOLD_PASSES_MAX: usize = 64;
/// Removals that beat each other in a circle and are looked at together.
pub const FOLD_RIVALS_MAX: usize = 256;
/// How long after new norms, by claimed time, entries that cite the ones before still take effect: who was away learns of them.
pub const NORMS_GRACE_MS: u64 = DAY_MS;
/// Changes of norms by one log in a claimed day.
pub const NORMS_PER_DAY_MAX: u64 = 16;
/// Price bands and denied kinds in norms, each.
pub const NORMS_LIST_MAX: usize = 32;
/// Entries of a log in a day that norms may allow, of each sort; what the header stage allows is no more.
pub const NORMS_QUOTA_MAX: u64 = 10_000;
/// Requests to join that wait for approval in one circle; who asks then is told to ask later.
pub const JOIN_REQUESTS_MAX: usize = 500;
/// Addresses in one invite code.
pub const INVITE_ADDRESSES_MAX: usize = 3;
/// Other members named in an invite code, so that somebody is awake; a code must stay one drawing that a telephone reads.
pub const INVITE_OTHERS_MAX: usize = 2;
/// Addresses of each of them.
pub const INVITE_OTHER_ADDRESSES_MAX: usize = 2;
/// Seeds named in an invite code.
pub const INVITE_SEEDS_MAX: usize = 2;
/// Bytes of an invite code before it becomes text.
pub const INVITE_CODE_MAX_BYTES: usize = 2048;
/// How much of a circle's past a newcomer reads unless the norms say otherwise.
pub const HISTORY_WINDOW_MS: u64 = 30 * DAY_MS;
/// Age at which an epoch is replaced even though nobody left.
pub const EPOCH_LIFE_MS: u64 = 7 * DAY_MS;
/// How much longer than the one before it each device waits until it replaces an epoch that grew old.
pub const EPOCH_BACKUP_MS: u64 = 6 * HOUR_MS;
/// The same where the keys do not cover a removal.
pub const RENEWAL_BACKUP_MS: u64 = 5 * MINUTE_MS;
/// Epochs that one log begins in one claimed day: every removal wants one, and nobody removes this many people in a day.
pub const EPOCHS_PER_DAY_MAX: u64 = 100;
/// Epochs that one epoch follows: as many concurrent ones are merged at once, the rest by the next.
pub const EPOCH_PARENTS_MAX: usize = 8;
/// Removals, leaves and revocations that one epoch covers beyond what its parents cover; more of them take a chain of epochs.
pub const EPOCH_COVERS_MAX: usize = 64;
/// Boxes of one chunk, of 120 bytes each: 24 KiB, so that a chunk and what is fixed of the epoch fit one payload.
pub const EPOCH_CHUNK_BOXES: usize = 204;
/// Chunks of one epoch: 500 members with four devices each. Whoever has no box asks for the keys.
pub const EPOCH_CHUNKS_MAX: usize = 10;
/// Age at which a device replaces its prekey.
pub const PREKEY_ROTATE_MS: u64 = 7 * DAY_MS;
/// How long a replaced prekey's secret is kept, so that late envelopes still open.
pub const PREKEY_KEEP_MS: u64 = 45 * DAY_MS;
/// Retained topic secrets by which two members of one circle still recognise each other.
pub const TOPIC_SECRETS_KEPT: usize = 16;

/// Read keys of a shop before the newest that are handed over with it: one is added by whoever leaves a circle that has the shop.
pub const SHOP_KEYS_EARLIER_MAX: usize = 512;

/// Entries of one log in one claimed day, whatever their kind: the constant quota of the header stage.
pub const ENTRIES_PER_DAY_MAX: u64 = 2_000;
/// Entries of one shop log in one claimed day: a catalogue import is one.
pub const SHOP_ENTRIES_PER_DAY_MAX: u64 = 50_000;

/// Characters of a post, recommendation, review or reply.
pub const TEXT_MAX_CHARS: usize = 4_000;
/// Characters of a listing's title after trimming; at least one.
pub const TITLE_MAX_CHARS: usize = 140;
/// Characters of a listing's description.
pub const DESCRIPTION_MAX_CHARS: usize = 6_000;
/// Variants of one listing.
pub const VARIANTS_MAX: usize = 100;
/// Characters of a short field: SKU, option name, place, method, carrier.
pub const FIELD_MAX_CHARS: usize = 200;
/// Pickup places, shipping zones or payment methods of one shop or listing.
pub const CHOICES_MAX: usize = 32;
/// Listings one post may point at.
pub const POST_LISTINGS_MAX: usize = 8;
/// The largest amount of money in minor units: sums of 200 lines stay far inside an i64.
pub const MONEY_MAX_MINOR: i64 = 1_000_000_000_000_000;
/// Bytes of one encoded listing, so that it fits one payload with salt, padding and tag.
pub const LISTING_MAX_BYTES: usize = 28 * 1024;

/// Bytes of a catalogue file that an import is willing to read.
pub const CATALOGUE_MAX_BYTES: usize = 64 * 1024 * 1024;
/// Rows of a catalogue file, the header included.
pub const CATALOGUE_ROWS_MAX: u64 = 200_000;
/// Imports and edits of one shop that can be taken back, one after the other; the oldest is forgotten first.
pub const UNDO_STEPS_MAX: usize = 32;
/// Bytes kept so that imports and edits of one shop can be taken back: some 140,000 listings. The last step is kept whatever its size.
pub const UNDO_MAX_BYTES: usize = 16 * 1024 * 1024;
/// Characters of what a problem says happened, or why; a value that it repeats may come from anybody.
pub const PROBLEM_TEXT_MAX_CHARS: usize = 1_000;
/// Bytes of one word of a question that the command line asks: names, ids and cursors are far shorter, and several fit into a head.
pub const QUESTION_WORD_MAX_BYTES: usize = 2_048;
/// Columns of a catalogue file.
pub const CATALOGUE_COLUMNS_MAX: usize = 1_000;
/// Characters of an offending value that a report about a catalogue file, or about a name, repeats.
pub const REPORTED_VALUE_MAX_CHARS: usize = 80;
/// Bytes of a product's columns that mean nothing to Haat and are kept for the seller's own export, names included.
pub const CATALOGUE_KEPT_MAX_BYTES: usize = 64 * 1024;
/// Characters of the address of a picture.
pub const IMAGE_ADDRESS_MAX_CHARS: usize = 2_000;
/// Bytes of one description with markup, before it is reduced to plain text.
pub const MARKUP_MAX_BYTES: usize = 256 * 1024;
/// Tags in one description with markup: unclosed ones multiply in the parser.
pub const MARKUP_TAGS_MAX: usize = 2_000;
/// Elements inside each other in one description: they are rendered by recursion.
pub const MARKUP_DEPTH_MAX: usize = 64;

/// Counter-offers in one negotiation.
pub const ORDER_ROUNDS_MAX: u64 = 16;
/// Lines of one order.
pub const ORDER_LINES_MAX: usize = 200;
/// Events of one party in one order.
pub const ORDER_EVENTS_MAX: usize = 512;
/// Events of one order that wait for a predecessor.
pub const ORDER_PARKED_MAX: usize = 64;
/// Open offers one stranger to the other shared circles may have at one seller.
pub const OPEN_OFFERS_PER_PERSON_MAX: usize = 64;
/// Life of an offer unless its maker says otherwise.
pub const OFFER_LIFE_MS: u64 = 2 * DAY_MS;
/// Time to pay after agreement when payment comes before delivery.
pub const PAY_WITHIN_MS: u64 = 3 * DAY_MS;
/// Time to fulfil after agreement.
pub const FULFIL_WITHIN_MS: u64 = 14 * DAY_MS;
/// Time for the other side to confirm what was done.
pub const CONFIRM_WITHIN_MS: u64 = 14 * DAY_MS;
/// How long before a deadline somebody is reminded: a day, in which one can still act. Of a deadline that is less than four days
/// long, a quarter of its time.
pub const REMIND_BEFORE_MS: u64 = DAY_MS;
/// Time after delivery in which a dispute may be opened.
pub const DISPUTE_WITHIN_MS: u64 = 30 * DAY_MS;
/// Milliseconds from delivery in which the buyer may ask to send the goods back, when the shop says nothing else.
pub const RETURN_WITHIN_MS: u64 = 14 * DAY_MS;

/// First pause before a lost peer is dialled again; doubled up to `REDIAL_MAX_MS`.
pub const REDIAL_MIN_MS: u64 = SECOND_MS;
/// Longest pause between two dials of a known peer.
pub const REDIAL_MAX_MS: u64 = 5 * MINUTE_MS;
/// First pause before a peer whom only a circuit reaches is met anew, for another try at a direct way; four times as long each time.
pub const DIRECT_AGAIN_MIN_MS: u64 = 4 * SECOND_MS;
/// Longest such pause: the life of a circuit.
pub const DIRECT_AGAIN_MAX_MS: u64 = SEED_CIRCUIT_MS;
/// Peers for whom such a try is kept in mind.
pub const DETOURS_MAX: usize = 1_024;
/// Pause between two syncs with a connected peer that showed no gap.
pub const SYNC_EVERY_MS: u64 = 2 * MINUTE_MS;
/// Rounds of one sync run before the run ends and waits for the next occasion. An honest peer needs one, or one more when a shop
/// came into the circle or names changed meanwhile.
pub const SYNC_ROUNDS_MAX: u32 = 8;
/// Questions of one sync run before it ends and waits for the next occasion: half a gigabyte of entries.
pub const SYNC_ASKS_MAX: u32 = 2_048;
/// Pulls of one sync run under way at once: as many answers may have to be held in memory.
pub const SYNC_PULLS_MAX: u32 = 4;
/// Entries that one pull counts on having room for, when there is more to ask for than one pull.
pub const SYNC_PULL_ENTRIES: u64 = 256;
/// Gaps of one log asked for in one wave of pulls.
pub const SYNC_RANGES_MAX: usize = 8;
/// Entries handed over unasked; of more the other is told that there are, and pulls them itself.
pub const SYNC_PUSH_ENTRIES: u64 = 64;
/// Bytes of entries in one sync response, so that it fits `RESPONSE_MAX_BYTES` with room for one more entry.
pub const SYNC_BATCH_BYTES: usize = 256 * 1024;
/// Bytes of things in one push, so that it fits `REQUEST_MAX_BYTES` with room for one more entry.
pub const SYNC_PUSH_BYTES: usize = 72 * 1024;
/// Entries below its end from which a log is asked for that ends otherwise elsewhere.
pub const SYNC_PROBE_ENTRIES: u64 = 64;
/// Rows of one pull: streams, or gaps in them.
pub const SYNC_WANTS_MAX: usize = 500;
/// Missing payloads that one run asks a peer for.
pub const SYNC_HOLES_MAX: usize = 256;
/// Missing payloads that one peer is asked for while it is connected.
pub const SYNC_HOLES_ASKED_MAX: usize = 4_096;
/// Removals and leaves, the latest, that a node hands over which is out itself: enough for the news, too few to be a burden.
pub const REMOVALS_HANDED_OVER_MAX: usize = 8;
/// Orders of one comparison with their other side, the newest: what fits one request.
pub const ORDER_HEADS_MAX: usize = 500;
/// Members of a circle with whom a node compares it at once, before others have their turn: what all of them say and ask at a time
/// grows with the circle, not with its square.
pub const SYNC_PARTNERS: usize = 4;
/// Members in succession to whom nothing had to be handed over: then news has gone round, and who is left hears of it when all are
/// asked. Twice as many as are asked at once, so that two turns agree.
pub const SYNC_SETTLED: usize = 8;
/// Pause until the next members have their turn.
pub const SYNC_TURN_MS: u64 = SECOND_MS;
/// Derived things that a node keeps decoded, most of them below 300 bytes; of more, all are let go. A few are for each circle, one
/// for each person, one for each log.
pub const MEMOS_MAX: usize = 65_536;
/// Circle tags of a greeting come in multiples of this, so that their number tells little.
pub const SYNC_TAG_PADDING: usize = 16;
/// First pause before an unanswered outbox message is sent again; doubled up to `RESEND_MAX_MS`.
pub const RESEND_MIN_MS: u64 = 2 * SECOND_MS;
/// Longest pause between two attempts of one outbox message.
pub const RESEND_MAX_MS: u64 = HOUR_MS;
/// Life of a device's address record.
pub const ADDRESS_LIFE_MS: u64 = 7 * DAY_MS;
/// Age at which a device publishes its address record anew.
pub const ADDRESS_REFRESH_MS: u64 = DAY_MS;
/// Addresses in one address record.
pub const ADDRESSES_MAX: usize = 8;

/// Seeds that a node uses at once.
pub const SEEDS_MAX: usize = 4;
/// Places one device names at one seed: its circles and open invites.
pub const MEET_PLACES_MAX: usize = 640;
/// Open invites for which a member waits at a seed, the newest first.
pub const MEET_INVITES_MAX: usize = 64;
/// How long a device stays on a seed's board without saying so again.
pub const MEET_LIFE_MS: u64 = 30 * MINUTE_MS;
/// Pause after which a device says again that it is there, and looks who else is.
pub const MEET_EVERY_MS: u64 = 4 * MINUTE_MS;
/// Devices on the board of one seed.
pub const MEET_DEVICES_MAX: usize = 4_096;
/// Pairs of device and place on the board of one seed: some 20 MiB.
pub const MEET_POSTS_MAX: usize = 131_072;
/// Devices told of one place: enough to find a way into a circle, which then tells of all others.
pub const MEET_FOUND_MAX: usize = 32;
/// Bytes of the address record that a device leaves at a seed.
pub const MEET_RECORD_MAX_BYTES: usize = 2 * 1024;
/// Questions of one device at one seed in a minute.
pub const MEET_ASKS_PER_MINUTE: u32 = 60;

/// Reservations that a seed grants at once.
pub const SEED_RESERVATIONS_MAX: usize = 1_024;
/// Circuits through a seed at once.
pub const SEED_CIRCUITS_MAX: usize = 256;
/// Circuits through a seed that end at one peer; who has so many makes no further one, but may still be reached.
pub const SEED_CIRCUITS_PER_PEER_MAX: usize = 16;
/// Life of one circuit; what was under way goes on over the next one.
pub const SEED_CIRCUIT_MS: u64 = 10 * MINUTE_MS;
/// Bytes through one circuit, each way: sixteen of the largest answers.
pub const SEED_CIRCUIT_BYTES: u64 = 8 * 1024 * 1024;
/// Life of a reservation; clients renew it before.
pub const SEED_RESERVATION_MS: u64 = HOUR_MS;
/// Reservations or circuits that one peer may begin in a burst.
pub const SEED_BURST_PER_PEER: u32 = 60;
/// Reservations or circuits that one IP address may begin in a burst: a household or a whole provider may share it.
pub const SEED_BURST_PER_IP: u32 = 480;
/// Pause after which one more reservation or circuit may begin.
pub const SEED_REFILL_MS: u64 = 10 * SECOND_MS;
/// Connections of a seed.
pub const SEED_CONNECTIONS_MAX: u32 = 2_048;
/// External addresses of one seed.
pub const SEED_ADDRESSES_MAX: usize = 8;

/// Vouches in a row that trust follows from the viewer: beyond that nobody can say who somebody is.
pub const TRUST_HOPS_MAX: u8 = 3;
/// Reasons shown for one trust answer, beside the sum of the others: more are not read.
pub const TRUST_REASONS_MAX: usize = 3;

/// Inputs that may wait for the engine before whoever brings them waits.
pub const INPUTS_MAX: usize = 1_024;
/// Network events whose signatures are checked at once.
pub const HEARD_AT_ONCE: usize = 8;
/// Pause between two ticks of the engine's clock.
pub const TICK_EVERY_MS: u64 = 200;
/// News kept for listeners that were away for a moment.
pub const NEWS_KEPT: usize = 1_024;
/// Network events that may wait for the engine.
pub const NET_EVENTS_MAX: usize = 256;
/// Time the parts of a node have to start, and the engine to finish.
pub const START_WAIT_MS: u64 = 10 * SECOND_MS;
/// Inputs that one durable commit may group.
pub const GROUP_MAX_INPUTS: usize = 256;

/// Dials under way at once.
pub const DIALS_UNDERWAY_MAX: u32 = 32;
/// Peers and addresses that are dialled until they answer; further wishes are refused.
pub const DIAL_WISHES_MAX: usize = 2_048;
/// Incoming connections whose handshake is under way at once.
pub const HANDSHAKES_MAX: u32 = 32;
/// Connections others made to this node.
pub const CONNECTIONS_IN_MAX: u32 = 256;
/// Connections that others made who share no circle with this node: newcomers, buyers, and whoever made himself a key.
pub const STRANGERS_IN_MAX: usize = 32;
/// Connections this node made.
pub const CONNECTIONS_OUT_MAX: u32 = 256;
/// Connections with one peer: both may dial at once, and a new one may stand before the old one is gone.
pub const CONNECTIONS_PER_PEER_MAX: u32 = 3;
/// Age at which a connection nobody uses is closed.
pub const CONNECTION_IDLE_MS: u64 = 10 * MINUTE_MS;
/// Unacknowledged bytes on one QUIC stream: the longest answer fits.
pub const QUIC_STREAM_MAX_BYTES: u32 = 640 * 1024;
/// Unacknowledged bytes on one QUIC connection: a few full answers at once, and all connections together stay within memory.
pub const QUIC_CONNECTION_MAX_BYTES: u32 = 2 * 1024 * 1024;
/// Streams on one connection, both directions together: the request protocols at their bound, gossip, and the small ones. On TCP
/// each may hold 256 KiB that nobody has read yet, so this bounds what one connection can make a node keep: 16 MiB.
pub const STREAMS_MAX: usize = 64;
/// Streams on one connection whose protocol is not agreed yet.
pub const STREAMS_NEGOTIATING_MAX: usize = 16;
/// Patience for one request, from sending it to having the whole answer.
pub const REQUEST_TIMEOUT_MS: u64 = 15 * SECOND_MS;
/// Requests of one protocol on one connection at once, both directions together.
pub const REQUEST_STREAMS_MAX: usize = 16;
/// Requests of one protocol that a node sends to one peer before an answer; the next one waits. Less than half of
/// `REQUEST_STREAMS_MAX`, so that both sides can ask.
pub const REQUESTS_TO_ONE_MAX: usize = 6;
/// Requests of this node that wait for an answer, and requests of others that wait for ours.
pub const REQUESTS_WAITING_MAX: usize = 1_024;
/// Bytes of requests of others that wait for our answer, over all peers.
pub const REQUESTS_WAITING_MAX_BYTES: usize = 64 * 1024 * 1024;
/// Bytes of messages that are being read, over all connections: once for requests, once for answers.
pub const READING_MAX_BYTES: usize = 64 * 1024 * 1024;
/// Patience for the length of a request once its stream is open.
pub const REQUEST_FIRST_BYTE_MS: u64 = 3 * SECOND_MS;
/// Patience for a whole request once its stream is open.
pub const REQUEST_READ_MS: u64 = 10 * SECOND_MS;
/// Pause between two looks at the network when nothing happens; gossip's own clock does not wake anybody.
pub const NET_TICK_MS: u64 = SECOND_MS;
/// First pause before the network is begun anew after it fell over; doubled up to `NET_RESTART_MAX_MS`.
pub const NET_RESTART_MIN_MS: u64 = 100;
/// Longest pause before the network is begun anew: a packet that fells it again and again must not keep the machine busy.
pub const NET_RESTART_MAX_MS: u64 = 30 * SECOND_MS;
/// Time without a fall after which the pause starts from the shortest again.
pub const NET_CALM_MS: u64 = MINUTE_MS;

/// How much of something one peer, and all peers together, may ask for: a bucket of `burst` pieces, filled at a steady rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Pieces one peer may take at once.
    pub peer_burst: u64,
    /// Pieces one peer gets back in a minute.
    pub peer_per_minute: u64,
    /// Pieces all peers may take at once.
    pub all_burst: u64,
    /// Pieces all peers get back in a minute.
    pub all_per_minute: u64,
}

impl Quota {
    const fn new(peer_burst: u64, peer_per_minute: u64, all_burst: u64, all_per_minute: u64) -> Self {
        Self { peer_burst, peer_per_minute, all_burst, all_per_minute }
    }
}

/// Requests on the sync protocol: two who share 512 circles compare them all as they meet.
pub const QUOTA_SYNC: Quota = Quota::new(4_096, 6_000, 32_768, 48_000);
/// Greetings: one per meeting and welcome; each makes the answerer compute a tag per circle.
pub const QUOTA_GREET: Quota = Quota::new(64, 60, 2_048, 1_200);
/// Requests on the direct protocol, whatever they ask.
pub const QUOTA_DIRECT: Quota = Quota::new(2_048, 3_600, 16_384, 28_800);
/// Requests to be let in or handed keys: each costs signatures and sealing.
pub const QUOTA_JOIN: Quota = Quota::new(64, 60, 1_024, 600);
/// Order messages: each costs signatures and a commit.
pub const QUOTA_ORDER: Quota = Quota::new(2_048, 3_000, 8_192, 12_000);
/// Gossip messages: a burst of many posts is passed on; sync brings what is over.
pub const QUOTA_GOSSIP: Quota = Quota::new(4_096, 6_000, 32_768, 24_000);
/// Bytes of requests and gossip: a large catalogue passes, an endless stream does not.
pub const QUOTA_BYTES: Quota = Quota::new(64 * 1024 * 1024, 240 * 1024 * 1024, 512 * 1024 * 1024, 960 * 1024 * 1024);
/// Things handed to one member in sync, and to all together: a newcomer fetches a circle of 100,000 entries twice over without a
/// pause, and who fetches everything again and again is slowed to some 170 a second.
pub const HANDED_ENTRIES: Quota = Quota::new(200_000, 10_000, 1_000_000, 80_000);
/// Bytes of them: 256 MiB in one go, then some 140 kB a second, little beside what a home connection gives.
pub const HANDED_BYTES: Quota = Quota::new(256 * 1024 * 1024, 8 * 1024 * 1024, 1024 * 1024 * 1024, 64 * 1024 * 1024);
/// Who was handed less than this part of its share gets more, whatever all together were handed: greedy members must not keep news
/// from the others.
pub const HANDED_ALWAYS_PART: u64 = 64;
/// Pause between two times that one peer is held to account for overrunning its quotas.
pub const OVERRUN_COUNTED_EVERY_MS: u64 = 10 * SECOND_MS;
/// Peers whose quotas and reputation are remembered; whoever matters least is forgotten first.
pub const PEERS_REMEMBERED_MAX: usize = 4_096;
/// Time in which half of a peer's points are forgotten.
pub const REPUTATION_HALF_LIFE_MS: u64 = 10 * MINUTE_MS;
/// Points at which a peer is disconnected.
pub const REPUTATION_DISCONNECT_POINTS: i64 = 20;
/// Points at which a peer is barred for a while.
pub const REPUTATION_BAN_POINTS: i64 = 50;
/// The first time a peer is barred; doubled each time up to `BAN_MAX_MS`.
pub const BAN_MIN_MS: u64 = 10 * MINUTE_MS;
/// The longest time a peer is barred.
pub const BAN_MAX_MS: u64 = 12 * HOUR_MS;
/// The time a member of an own circle is barred, every time: a friend behind a fault must get back.
pub const MEMBER_BAN_MS: u64 = MINUTE_MS;
/// Bytes of one written network address.
pub const ADDRESS_MAX_BYTES: usize = 256;
/// Topics one peer may announce; all nodes must agree, else announcements are dropped whole.
pub const TOPICS_PER_PEER_MAX: usize = 1_024;
/// Bytes of gossip announcements and control in one packet: room for `TOPICS_PER_PEER_MAX` topics of 22 characters.
pub const GOSSIP_CONTROL_MAX_BYTES: usize = 64 * 1024;
/// Bytes of one gossip packet: one message and its envelope fit, and so does a full announcement.
pub const GOSSIP_PACKET_MAX_BYTES: usize = 128 * 1024;
/// How long a gossip message is remembered so as not to be taken twice.
pub const GOSSIP_MEMORY_MS: u64 = 10 * MINUTE_MS;
/// Commands that may wait for the network task.
pub const NET_COMMANDS_MAX: usize = 256;
/// Network events that may wait for their reader before the network task takes no more commands.
pub const NET_BACKLOG_MAX: usize = 1_024;
/// Time that open connections get to close when the network stops.
pub const NET_STOP_MS: u64 = SECOND_MS;

/// Connections the local API serves at once; further ones wait in the system's queue.
pub const API_CONNECTIONS_MAX: usize = 128;
/// Time a client of the local API has to send the head of its next request.
pub const API_HEAD_WITHIN_MS: u64 = 10 * SECOND_MS;
/// Time a client of the local API has to send a body.
pub const API_BODY_WITHIN_MS: u64 = MINUTE_MS;
/// Time open requests have to end after the local API was told to stop.
pub const API_STOP_WITHIN_MS: u64 = 5 * SECOND_MS;
/// Pause after the system refused a connection to the local API, usually for want of file handles.
pub const API_ACCEPT_PAUSE_MS: u64 = 100;
/// Bytes of one request's head at the local API.
pub const API_HEAD_MAX_BYTES: usize = 32 * 1024;
/// Headers of one request at the local API.
pub const API_HEADERS_MAX: usize = 64;
/// Bytes of one request body at the local API.
pub const API_BODY_MAX_BYTES: usize = 1024 * 1024;
/// Bytes of the body of an import: a file of 64 MiB in base64, with room for the rest.
pub const API_IMPORT_MAX_BYTES: usize = 100 * 1024 * 1024;
/// Fields of one JSON object sent to the local API; no command has nearly as many.
pub const API_FIELDS_MAX: usize = 64;
/// Imports whose bodies are held at once: each may be large.
pub const API_IMPORTS_AT_ONCE: usize = 2;
/// Commands the local API has under way at once.
pub const API_COMMANDS_AT_ONCE: usize = 64;
/// Event streams the local API serves at once, so that they cannot take all connections.
pub const API_STREAMS_MAX: usize = 32;
/// Pause after which a silent event stream says that it is alive.
pub const API_KEEP_ALIVE_MS: u64 = 15 * SECOND_MS;
/// Answers kept for a repeated `Idempotency-Key`; the oldest goes first.
pub const API_REPLIES_MAX: usize = 1024;
/// Bytes of answers kept for a repeated `Idempotency-Key`; the oldest goes first.
pub const API_REPLIES_MAX_BYTES: usize = 32 * 1024 * 1024;
/// How long an answer is kept for a repeated `Idempotency-Key`.
pub const API_REPLY_LIFE_MS: u64 = DAY_MS;
/// Characters of an `Idempotency-Key`.
pub const API_KEY_MAX_CHARS: usize = 128;
/// Tokens made for other programs: each request that shows one is compared with all.
pub const API_TOKENS_MAX: usize = 64;
/// Rows of a page of any other list, unless fewer are asked for: whole lists of a person, and an answer that is read at once.
pub const LIST_PAGE_ITEMS_MAX: usize = 1_000;
/// Items of a page of the feed unless asked otherwise.
pub const FEED_PAGE_ITEMS: usize = 50;
/// Items of a page of the feed at most.
pub const FEED_PAGE_ITEMS_MAX: usize = 200;
/// Entries shown in the feed though they wait for earlier ones, the newest of them.
pub const FEED_WAITING_MAX: usize = 500;

/// Bytes of the sealed key file that are read at most.
pub const KEYFILE_MAX_BYTES: u64 = 64 * 1024;
/// Memory that opening a key file may take, in KiB: a planted file must not exhaust the machine.
pub const KEYFILE_MEMORY_MAX_KIB: u32 = 256 * 1024;
/// Passes that opening a key file may take.
pub const KEYFILE_PASSES_MAX: u32 = 16;
/// Lanes that opening a key file may take.
pub const KEYFILE_LANES_MAX: u32 = 8;
/// Bytes of any other small file of the home that are read at most.
pub const HOME_FILE_MAX_BYTES: u64 = 1024 * 1024;
/// Bytes of the witness file at which it is written anew.
pub const WITNESS_MAX_BYTES: u64 = 1024 * 1024;
/// Bytes of changes that the witness keeps so that a crash loses nothing; after a greater group, an import, a crash costs a log.
pub const REDO_MAX_BYTES: usize = 256 * 1024;
/// How long a node that starts waits for a peer's word about its own logs before it goes on in new ones.
pub const START_WORD_MS: u64 = 30 * SECOND_MS;
/// Commands that wait for a peer's word after a start.
pub const COMMANDS_WAITING_MAX: usize = 256;
/// Decisions that a device tells anew when its clock was ahead: more than a day's worth of any of them.
pub const TOLD_ANEW_MAX: usize = 256;
/// Attempts to take the lock of a home: whoever only looks whether it is held holds it for a moment.
pub const HOME_LOCK_ATTEMPTS: u32 = 10;
/// Pause between two attempts to take the lock of a home.
pub const HOME_LOCK_PAUSE_MS: u64 = 20;

/// How long the command line waits for the answer to a command or question.
pub const CALL_WAIT_MS: u64 = 60 * SECOND_MS;
/// How long the command line waits for an import: a catalogue of 50,000 rows is signed row by row.
pub const CATALOGUE_WAIT_MS: u64 = 10 * MINUTE_MS;
/// Pause between two looks at a catalogue file that is watched: a person does not notice it, and it costs nothing.
pub const WATCH_EVERY_MS: u64 = 300;
/// How long the command line waits for a node to be gone, or to say where it listens.
pub const STOP_WAIT_MS: u64 = 15 * SECOND_MS;
/// Bytes of one answer that the command line reads: the largest evidence file in base64, and room.
pub const ANSWER_MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Bytes of one event of the event stream.
pub const HAPPENING_MAX_BYTES: u64 = 64 * 1024;
/// The longest span a person may type: ten years. Longer is a slip of the hand.
pub const SPAN_MAX_MS: u64 = 3_653 * DAY_MS;
/// Pages of the feed that `feed --follow` turns back to find where it was.
pub const FOLLOW_PAGES_MAX: usize = 20;
