//! Identities, records, spaces and invite codes.

use haat_protocol::codec::encode;
use haat_protocol::crypto::{Keypair, Label, Sig};
use haat_protocol::entry::Draft;
use haat_protocol::fork::{Fork, ForkProof};
use haat_protocol::id::{Digest, EntryId, IdentityId, OperationId};
use haat_protocol::identity::{Chain, Change, LogEnd, Operation, SignedOperation, blind_log, consent};
use haat_protocol::invite::{Code, Contact};
use haat_protocol::record::{Claim, Record, SignedRecord};
use haat_protocol::space::Sort;
use haat_protocol::time::Millis;

use crate::kit::{START, chain, circle, device, header, inception, pair, person};
use crate::sheet::{Case, Sheet};

pub(crate) fn sheet() -> Sheet {
    let mut sheet = Sheet::new("people", "Identities (3), records (4), spaces (5) and invite codes (9.2).");
    identities(&mut sheet);
    wrong_identities(&mut sheet);
    records(&mut sheet);
    spaces(&mut sheet);
    codes(&mut sheet);
    sheet
}

fn case(chain: &Chain) -> Case {
    Case::new("identity", encode(chain))
}

/// The chain of person 1 with two devices more, the first one revoked.
fn long() -> Chain {
    let mut chain = chain(1);
    chain.append(&pair(101), add(&chain, 21), START.plus(1));
    chain.append(&pair(101), add(&chain, 22), START.plus(2));
    let cuts = vec![LogEnd { log: blind_log(&circle(), &device(1), 0), seq: 3, id: EntryId([4; 32]) }];
    chain.append(&pair(101), Change::RevokeDevice { device: device(1), cuts }, START.plus(3));
    chain
}

fn add(chain: &Chain, n: u8) -> Change {
    Change::AddDevice { device: device(n), consent: consent(&pair(n), chain.inception.id()) }
}

fn revoke(n: u8) -> Change {
    Change::RevokeDevice { device: device(n), cuts: vec![] }
}

fn after(mut chain: Chain, by: u8, change: Change) -> Case {
    chain.append(&pair(by), change, START.plus(9));
    case(&chain)
}

fn identities(sheet: &mut Sheet) {
    sheet.good("begun", "an identity with one device", case(&chain(1)));
    sheet.good("devices", "two devices added, one revoked", case(&long()));
    let mut by_device = chain(1);
    by_device.append(&pair(1), add(&by_device, 21), START.plus(1));
    let end = LogEnd { log: blind_log(&circle(), &device(21), 0), seq: 0, id: EntryId([4; 32]) };
    by_device.append(&pair(1), Change::CloseLog { end }, START.plus(2));
    sheet.good("by a device", "a device adds another and closes a log of it", case(&by_device));
    sheet.good("revokes its own", "a device revokes the one it added", after(by_device.clone(), 1, revoke(21)));
    sheet.bad("revokes another", "a device that did not add it", after(by_device, 21, revoke(1)), "signer");
    sheet.bad("revoked stays out", "a revoked device does not come back", after(long(), 101, add(&long(), 1)), "idle");
    sheet.bad("revoked signs", "a revoked device signs nothing more", after(long(), 1, add(&long(), 23)), "signer");
    sheet.bad("device twice", "a device that was added", after(chain(1), 101, add(&chain(1), 1)), "idle");
    sheet.bad("nobody revoked", "a device that does not speak for the identity", after(chain(1), 101, revoke(30)), "idle");
    let unasked = Change::AddDevice { device: device(21), consent: consent(&pair(22), person(1)) };
    sheet.bad("no consent", "another device agreed", after(chain(1), 101, unasked), "unwilling");
    let other = Change::AddDevice { device: device(21), consent: consent(&pair(21), person(2)) };
    sheet.bad("other consent", "it agreed to be another person's", after(chain(1), 101, other), "unwilling");
    let cut = LogEnd { log: Digest([1; 32]), seq: 0, id: EntryId([2; 32]) };
    let cuts = |count| Change::RevokeDevice { device: device(1), cuts: vec![cut; count] };
    sheet.good("32 cuts", "as many as there may be", after(chain(1), 101, cuts(32)));
    sheet.bad("33 cuts", "more than there may be", after(chain(1), 101, cuts(33)), "idle");
    let mut alone = chain(1);
    alone.operations.clear();
    sheet.good("no operation", "the head is the identity's id", case(&alone));
    forks(sheet);
}

/// Two entries of a device for one place.
fn fork_of(seed: u8) -> Fork {
    let entry = |text: &str| {
        let header = haat_protocol::entry::Header { device: device(seed), ..header(32) };
        Draft { header, body: text.as_bytes().to_vec() }.sign(&pair(seed), None, &[0; 32]).expect("a good entry")
    };
    Fork::between(&entry("left"), &entry("right")).expect("a fork")
}

/// The proof that the first device forked its log.
pub(crate) fn forked() -> ForkProof {
    fork_of(1).proof().clone()
}

fn forks(sheet: &mut Sheet) {
    let case = |proof: &ForkProof| Case::new("fork", encode(proof));
    let fork = fork_of(1);
    let proof = fork.proof();
    sheet.good("fork", "two entries at one place", case(proof));
    let turned = ForkProof { one: proof.other.clone(), other: proof.one.clone() };
    sheet.bad("fork turned", "the greater id first", case(&turned), "no_fork");
    let alike = ForkProof { one: proof.one.clone(), other: proof.one.clone() };
    sheet.bad("no fork", "one entry twice", case(&alike), "no_fork");
    let foreign = fork_of(2);
    let mut pair = [(fork.ids()[0], proof.one.clone()), (foreign.ids()[0], foreign.proof().one.clone())];
    pair.sort_by_key(|(id, _)| *id);
    let [one, other] = pair.map(|(_, header)| header);
    sheet.bad("fork of two", "entries of two devices", case(&ForkProof { one, other }), "no_fork");
    let mut forged = proof.clone();
    forged.other.sig = Sig([7; 64]);
    sheet.bad("fork forged", "a signature does not hold", case(&forged), "signature");
}

/// The second operation of person 1, changed and signed.
fn second(by: &Keypair, change: impl Fn(&mut Operation)) -> Case {
    let mut all = chain(1);
    let mut operation = Operation {
        identity: all.inception.id(),
        seq: 1,
        prev: all.operations.first().map(SignedOperation::id),
        at: START,
        change: add(&all, 21),
        signer: by.public(),
    };
    change(&mut operation);
    let bytes = encode(&operation);
    all.operations.push(SignedOperation { sig: by.sign(Label::Operation, &bytes), bytes });
    case(&all)
}

fn wrong_identities(sheet: &mut Sheet) {
    let root = pair(101);
    sheet.good("second", "an operation that follows", second(&root, |_| ()));
    sheet.bad("other identity", "it belongs to somebody else", second(&root, |op| op.identity = IdentityId([1; 32])), "unlinked");
    sheet.bad("gap", "a number is left out", second(&root, |op| op.seq = 2), "unlinked");
    sheet.bad("no predecessor", "it names none", second(&root, |op| op.prev = None), "unlinked");
    sheet.bad("other predecessor", "it names another one", second(&root, |op| op.prev = Some(OperationId([1; 32]))), "unlinked");
    sheet.bad("by a stranger", "signed by a key that is not the root", second(&pair(9), |_| ()), "signer");
    sheet.bad("for the root", "another key under the root's name", second(&pair(9), |op| op.signer = pair(101).public()), "signer");
    let mut swapped = long();
    swapped.operations.swap(1, 2);
    sheet.bad("swapped", "two operations in the wrong order", case(&swapped), "unlinked");
    let mut other = long();
    other.operations[1].sig = Sig([7; 64]);
    sheet.bad("signature", "it does not hold", case(&other), "signer");
    let mut other = long();
    other.operations[1].sig = root.sign(Label::Record, &other.operations[1].bytes);
    sheet.bad("label", "the signature of a record", case(&other), "signer");
    let mut other = long();
    other.inception.created = Millis(1);
    sheet.bad("inception", "another beginning is another identity", case(&other), "unlinked");
    let mut other = long();
    other.operations[1].bytes.push(0);
    sheet.bad("operation left over", "a byte after an operation", case(&other), "form");
    let mut other = long();
    other.operations[1].bytes = vec![0; 4097];
    sheet.bad("operation too large", "more than 4,096 bytes", case(&other), "oversize");
    let mut other = chain(1);
    for _ in 0..256 {
        other.operations.push(other.operations[0].clone());
    }
    sheet.bad("257 operations", "more than a chain may have", case(&other), "too_long");
}

fn record(claim: Claim) -> Record {
    Record { device: device(1), claim, issued: START, expires: START.plus(1_000) }
}

pub(crate) fn prekey(n: u8) -> SignedRecord {
    Record { device: device(n), ..record(Claim::Prekey([n; 32])) }.sign(&pair(n))
}

fn records(sheet: &mut Sheet) {
    let case = |record: &SignedRecord| Case::new("record", encode(record));
    let addresses = |count: usize, size: usize| record(Claim::Addresses(vec!["a".repeat(size); count])).sign(&pair(1));
    sheet.good("prekey", "a record", case(&prekey(1)));
    sheet.good("addresses", "as many and as long as there may be", case(&addresses(8, 200)));
    sheet.good("no address", "a device that listens nowhere", case(&addresses(0, 0)));
    sheet.bad("nine addresses", "more than there may be", case(&addresses(9, 5)), "addresses");
    sheet.bad("long address", "longer than one may be", case(&addresses(1, 201)), "addresses");
    sheet.bad("record by another", "signed by another device", case(&record(Claim::Prekey([2; 32])).sign(&pair(2))), "signature");
    let cut = SignedRecord { bytes: prekey(1).bytes[1..].to_vec(), sig: prekey(1).sig };
    sheet.bad("record cut", "no record", case(&cut), "form");
    let large = SignedRecord { bytes: vec![0; 4097], sig: Sig([0; 64]) };
    sheet.bad("record too large", "more than 4,096 bytes", case(&large), "oversize");
}

fn spaces(sheet: &mut Sheet) {
    sheet.good("circle", "the inception of a circle and its id", Case::new("space", encode(&inception(Sort::Circle))));
    sheet.good("shop", "the inception of a shop and its id", Case::new("space", encode(&inception(Sort::Shop))));
    let mut short = encode(&inception(Sort::Shop));
    let at = short.windows(2).position(|part| part == [0x50, 0xa5]).expect("the salt");
    short[at] = 0x4f;
    short.remove(at + 1);
    sheet.bad("salt of 15", "a salt of fifteen bytes", Case::new("space", short), "form");
}

fn code() -> Code {
    Code {
        version: 0,
        space: circle(),
        seed: [30; 32],
        device: device(1),
        addresses: vec!["/ip4/127.0.0.1/tcp/4711".into()],
        others: vec![Contact { device: device(2), addresses: vec!["/ip4/192.0.2.7/tcp/4002".into()] }],
        seeds: vec!["/ip4/192.0.2.9/tcp/4003".into()],
        expires: START,
        name: "Tea".into(),
    }
}

fn codes(sheet: &mut Sheet) {
    let case = |text: &str| Case::new("invite_code", text.as_bytes().to_vec());
    let text = code().to_text();
    sheet.good("code", "an invite code", case(&text));
    sheet.good("code in capitals", "readers take either case", case(&text.to_ascii_uppercase()));
    let spaced: String = text.chars().enumerate().flat_map(|(at, c)| [Some(c), (at % 8 == 7).then_some('\n')]).flatten().collect();
    sheet.good("code in lines", "white space says nothing", case(&spaced));
    sheet.good("code without address", "nowhere to ask", case(&Code { addresses: vec![], ..code() }.to_text()));
    sheet.bad("code with 1", "a character that no code has", case(&text.replacen('a', "1", 1)), "alphabet");
    sheet.bad("code with a sign", "a hyphen", case(&format!("{}-{}", &text[..4], &text[5..])), "alphabet");
    let other = if text.starts_with('a') { 'b' } else { 'a' };
    sheet.bad("code mistyped", "one character is another", case(&format!("{other}{}", &text[1..])), "checksum");
    sheet.bad("code cut", "one character is missing", case(&text[..text.len() - 1]), "checksum");
    sheet.bad("code empty", "no characters", case(""), "checksum");
    sheet.bad("code of four bytes", "too short for a checksum", case("aaaaaaa"), "checksum");
    sheet.bad("code newer", "another version", case(&Code { version: 1, ..code() }.to_text()), "version");
    let four = Code { addresses: vec![String::new(); 4], ..code() };
    sheet.bad("code of four addresses", "more than a code may have", case(&four.to_text()), "version");
    let other = Contact { device: device(2), addresses: vec![] };
    let three = Code { others: vec![other.clone(); 3], ..code() };
    sheet.bad("code of three others", "more than a code may have", case(&three.to_text()), "version");
    let there = Code { others: vec![Contact { addresses: vec![String::new(); 3], ..other }], ..code() };
    sheet.bad("code of another's three addresses", "more than a code may have", case(&there.to_text()), "version");
    let seeds = Code { seeds: vec![String::new(); 3], ..code() };
    sheet.bad("code of three seeds", "more than a code may have", case(&seeds.to_text()), "version");
    let long = Code { name: "n".repeat(2048), ..code() };
    sheet.bad("code too large", "more than 2,048 bytes", case(&long.to_text()), "version");
}
