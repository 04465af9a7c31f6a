//! Chains of one identity that differ, and the ends that a chain gives to logs.

use serde_json::{Value, json};

use haat_protocol::codec::encode;
use haat_protocol::crypto::Sig;
use haat_protocol::id::{EntryId, SpaceId};
use haat_protocol::identity::{Chain, Change, LogEnd, blind_log, consent};

use crate::kit::{START, chain, circle, device, pair};
use crate::sheet::{Case, Sheet};

const ROOT: u8 = 101;

pub(crate) fn sheet() -> Sheet {
    let mut sheet = Sheet::new("chains", "Which of several chains of one identity stands (3), and the ends of logs (3, 8.3).");
    standing(&mut sheet);
    refused(&mut sheet);
    ends(&mut sheet);
    forked_ends(&mut sheet);
    sheet
}

fn add(chain: &Chain, n: u8) -> Change {
    Change::AddDevice { device: device(n), consent: consent(&pair(n), chain.inception.id()) }
}

fn revoke(n: u8, cuts: Vec<LogEnd>) -> Change {
    Change::RevokeDevice { device: device(n), cuts }
}

fn end(n: u8, number: u64, seq: u64, id: u8) -> LogEnd {
    LogEnd { log: blind_log(&circle(), &device(n), number), seq, id: EntryId([id; 32]) }
}

fn close(n: u8, seq: u64, id: u8) -> Change {
    Change::CloseLog { end: end(n, 0, seq, id) }
}

/// Person 1 with the devices 1 and 21, and what more was signed: by whom, and what.
fn with(more: &[(u8, Change)]) -> Chain {
    let mut all = chain(1);
    let second = add(&all, 21);
    all.append(&pair(ROOT), second, START.plus(1));
    for (at, (by, change)) in (2u64..).zip(more) {
        all.append(&pair(*by), change.clone(), START.plus(at));
    }
    all
}

fn come(chains: &[&Chain]) -> Case {
    Case::new("chains", encode(&chains))
}

/// Two chains, in either order.
fn both(sheet: &mut Sheet, name: &str, what: &'static str, one: &Chain, other: &Chain) {
    sheet.good(name, what, come(&[one, other]));
    sheet.good(&format!("{name}, turned"), what, come(&[other, one]));
}

fn standing(sheet: &mut Sheet) {
    let begun = with(&[]);
    sheet.good("twice", "the same chain is no news", come(&[&begun, &begun]));
    let longer = with(&[(1, close(21, 4, 4))]);
    both(sheet, "goes on", "the one continues the other", &begun, &longer);
    let third = add(&begun, 22);
    let by_root = with(&[(ROOT, third.clone())]);
    let by_devices = with(&[(1, close(21, 4, 4)), (1, close(21, 5, 5)), (21, close(1, 6, 6))]);
    both(sheet, "root says more", "more operations by the root, though fewer in all", &by_root, &by_devices);
    let root_first = with(&[(ROOT, third.clone()), (1, close(21, 4, 4))]);
    let root_later = with(&[(1, close(21, 4, 4)), (ROOT, third.clone())]);
    both(sheet, "root says it where they part", "as many by the root, and one of them where they part", &root_first, &root_later);
    let adds = with(&[(1, third.clone())]);
    let takes = with(&[(1, close(21, 4, 4))]);
    both(sheet, "takes away", "an addition and a close by devices", &adds, &takes);
    let revokes = with(&[(ROOT, revoke(21, vec![end(21, 0, 2, 2)]))]);
    let root_adds = with(&[(ROOT, third)]);
    both(sheet, "root revokes", "a revocation and an addition by the root", &revokes, &root_adds);
    let left = with(&[(1, close(21, 4, 4))]);
    let right = with(&[(1, close(21, 4, 5)), (1, close(1, 9, 9))]);
    both(sheet, "smaller id", "where they part stand two closes: length says nothing", &left, &right);
    sheet.good("three", "it does not matter in which order they come", come(&[&adds, &takes, &revokes]));
    sheet.good("three, turned", "it does not matter in which order they come", come(&[&revokes, &adds, &takes]));
}

fn refused(sheet: &mut Sheet) {
    let begun = with(&[]);
    let revoked = with(&[(ROOT, revoke(21, vec![]))]);
    let mut late = revoked.clone();
    late.append(&pair(21), add(&begun, 22), START.plus(3));
    sheet.bad("a revoked device goes on", "what it adds after it was revoked", come(&[&revoked, &late]), "signer");
    let mut other = with(&[(ROOT, add(&begun, 22))]);
    other.operations.remove(1);
    sheet.bad("an operation left out", "the later one names another before it", come(&[&begun, &other]), "unlinked");
    let mut forged = with(&[(1, close(21, 4, 4))]);
    forged.operations[2].sig = Sig([7; 64]);
    sheet.bad("continued by nobody", "the signature does not hold", come(&[&begun, &forged]), "signer");
    let mut newer = with(&[(1, close(21, 4, 4))]);
    let bytes = &mut newer.operations[2].bytes;
    let at = bytes.windows(9).position(|part| part == b"close_log").expect("its name");
    bytes[at..at + 9].copy_from_slice(b"clear_log");
    sheet.bad("continued by a newer program", "a sort of operation that nobody knows", come(&[&begun, &newer]), "form");
    let own = revoke(1, vec![]);
    let mut turned = with(&[]);
    turned.append(&pair(21), own, START.plus(3));
    sheet.bad("revoked by a device it added", "only the root and who added it revoke a device", come(&[&begun, &turned]), "signer");
    let many = revoke(21, (0..33).map(|number| end(21, number, 1, 1)).collect());
    sheet.bad("revoked with 33 cuts", "one more than there may be", come(&[&begun, &with(&[(ROOT, many)])]), "idle");
}

/// Number of a log of a device, and the lowest fork of it.
fn log(n: u8, number: u64, fork: Option<u64>) -> Value {
    json!({"space": circle(), "device": device(n), "number": number, "fork": fork})
}

fn ask(chain: &Chain, logs: &[Value]) -> Case {
    Case::new("log_ends", encode(chain)).with(json!({"logs": logs}))
}

fn ends(sheet: &mut Sheet) {
    let both = [log(1, 0, None), log(21, 0, None), log(21, 1, None)];
    sheet.good("open", "nobody said where they end", ask(&with(&[]), &both));
    sheet.good("closed", "by another device", ask(&with(&[(1, close(21, 4, 4))]), &both));
    sheet.good("closed by itself", "no device closes a log of its own", ask(&with(&[(21, close(21, 4, 4))]), &both));
    let twice = with(&[(1, close(21, 4, 4)), (1, close(21, 2, 2))]);
    sheet.good("closed twice", "the first close stands", ask(&twice, &both));
    let root_too = with(&[(1, close(21, 4, 4)), (ROOT, close(21, 2, 2)), (ROOT, close(21, 1, 1))]);
    sheet.good("closed by the root", "its first close beats that of a device", ask(&root_too, &both));
    sheet.good("closed by the root itself", "the root closes any log", ask(&with(&[(ROOT, close(1, 3, 3))]), &both));
    let cut = with(&[(ROOT, close(21, 4, 4)), (ROOT, revoke(21, vec![end(21, 0, 6, 6), end(21, 0, 5, 5)]))]);
    sheet.good("cut", "a cut beats every close, the first cut another; the other log has no effect", ask(&cut, &both));
    let uncut = with(&[(1, close(21, 4, 4)), (ROOT, revoke(21, vec![]))]);
    sheet.good("revoked after a close", "the close stands, without a cut", ask(&uncut, &both));
    let own = with(&[(21, close(21, 4, 4)), (ROOT, revoke(21, vec![]))]);
    sheet.good("revoked after its own close", "which says nothing", ask(&own, &both));
    let elsewhere = json!({"space": SpaceId([9; 32]), "device": device(21), "number": 0, "fork": null});
    sheet.good("another space", "a log is named with its space", ask(&uncut, &[elsewhere]));
}

fn forked_ends(sheet: &mut Sheet) {
    let logs = [log(1, 0, Some(3)), log(21, 0, Some(3)), log(1, 1, Some(0))];
    sheet.good("forked", "up to the entry before the lowest fork", ask(&with(&[]), &logs));
    let named = with(&[(1, close(21, 5, 5)), (ROOT, close(1, 1, 1))]);
    sheet.good("forked and closed", "the named end counts, on either side of the fork", ask(&named, &logs));
    let gone = with(&[(ROOT, revoke(21, vec![]))]);
    sheet.good("forked and revoked", "nothing of it counts", ask(&gone, &logs));
}
