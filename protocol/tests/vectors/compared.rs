//! Comparing two holders of one scope: what they say to each other in rows of bytes, made and judged.

use serde_bytes::ByteBuf;
use serde_json::{Value, json};

use haat_protocol::codec::{decode_own, encode};
use haat_protocol::entry::LogId;
use haat_protocol::id::Digest;
use haat_protocol::record::Slot;
use haat_protocol::sync::{Frontier, Stream, claims, heights, summary, wanted};
use haat_protocol::wire::{Heights, Mark, Scope, StreamKey};

use crate::judge::{Found, array, bytes};
use crate::kit::{circle, device, hex, person};
use crate::sheet::{Case, Sheet};

/// The joint nonce of all connections here.
const JOINT: [u8; 32] = [0x4a; 32];

/// A stream as the files tell it.
type Row = (StreamKey, u64, Digest);

/// The check of this name; none when it is not one of these.
pub(crate) fn judge(check: &str, input: &[u8], context: &Value) -> Option<Found> {
    match check {
        "comparison" => Some(comparison(input, context)),
        "heights_rows" => Some(heights_rows(input, context)),
        "wants_rows" => Some(Ok(wants_rows(input, context))),
        _ => None,
    }
}

fn streams(input: &[u8]) -> Frontier {
    let rows: Vec<Row> = decode_own(input).expect("streams");
    Frontier::new(rows.into_iter().map(|(key, height, head)| Stream { key, height, head }).collect())
}

fn comparison(input: &[u8], context: &Value) -> Found {
    let joint = array(context, "joint");
    let asked = summary(Scope::Circle, &streams(&bytes(context, "asker")), &joint);
    let answer = heights(&streams(input), &asked, &joint)
        .map(|answer| json!({"names": hex(&answer.names.0), "named": answer.named, "rows": hex(&answer.rows)}));
    Ok(json!({"state": hex(&asked.state.0), "names": hex(&asked.names.0), "answer": answer}))
}

fn heights_rows(input: &[u8], context: &Value) -> Found {
    let named = context["named"].as_bool().expect("true or false");
    let told = Heights { scope: Scope::Circle, names: Mark([0; 8]), named, rows: ByteBuf::from(input) };
    let claims = claims(&told).ok_or_else(|| "rows".to_owned())?;
    let rows =
        claims.iter().map(|claim| json!({"name": claim.name.map(|name| hex(&name.0)), "height": claim.height, "head": hex(&claim.head.0)}));
    Ok(json!({"rows": rows.collect::<Vec<_>>()}))
}

fn wants_rows(input: &[u8], context: &Value) -> Value {
    let count = context["streams"].as_u64().expect("a number");
    let log = |number| StreamKey::Log(LogId { space: circle(), device: device(1), number });
    let streams: Vec<Stream> = (0..count).map(|number| Stream { key: log(number), height: 1, head: Digest([0; 32]) }).collect();
    let rows = wanted(input, &streams).into_iter().map(|want| {
        let StreamKey::Log(log) = want.key else { panic!("all are logs") };
        json!({"stream": log.number, "from": want.from, "count": want.count})
    });
    json!({"rows": rows.collect::<Vec<_>>()})
}

pub(crate) fn sheet() -> Sheet {
    let mut sheet = Sheet::new("sync", "Comparing in bytes (11.4): marks, heights and what is wanted.");
    comparisons(&mut sheet);
    told(&mut sheet);
    asked(&mut sheet);
    sheet
}

fn log(n: u8, number: u64, height: u64) -> Row {
    (StreamKey::Log(LogId { space: circle(), device: device(n), number }), height, Digest([n; 32]))
}

fn comparisons(sheet: &mut Sheet) {
    let mut logs = vec![log(1, 0, 3), log(1, 2, 300), log(2, 0, 1)];
    logs.sort_by_key(|row| row.0);
    let case = |asker: &[Row], answerer: &[Row]| {
        Case::new("comparison", encode(answerer)).with(json!({"joint": hex(&JOINT), "asker": hex(&encode(asker))}))
    };
    sheet.good("equal", "nothing is said", case(&logs, &logs));
    sheet.good("both empty", "nothing is said", case(&[], &[]));
    let mut higher = logs.clone();
    higher[0].1 = 1 << 40;
    sheet.good("same names", "rows without names", case(&logs, &higher));
    let mut other = logs.clone();
    other[1].2 = Digest([7; 32]);
    sheet.good("another head", "heights are equal, and an end is not", case(&logs, &other));
    sheet.good("one more", "rows with names", case(&logs[1..], &logs));
    sheet.good("none here", "an answerer who holds nothing says so", case(&logs, &[]));
    let fork = StreamKey::Fork(LogId { space: circle(), device: device(1), number: 0 });
    let mut records: Vec<Row> = vec![
        (StreamKey::Identity(person(1)), 2, Digest([4; 32])),
        (StreamKey::Record(device(1), Slot::Prekey), 1_800_000_000_000, Digest([5; 32])),
        (StreamKey::Record(device(1), Slot::Addresses), 1_800_000_000_001, Digest([6; 32])),
        (fork, StreamKey::fork_height(7), Digest([8; 32])),
    ];
    records.sort_by_key(|row| row.0);
    sheet.good("all sorts", "identities, records, proofs of forks", case(&[], &records));
}

fn told(sheet: &mut Sheet) {
    let case = |named: bool, rows: &[u8]| Case::new("heights_rows", rows).with(json!({"named": named}));
    let (name, head) = ([6; 8], [5; 8]);
    let row = |height: &[u8]| [height, &head].concat();
    sheet.good("no rows", "no stream", case(false, &[]));
    sheet.good("rows", "0, 127, 128 and 300", case(false, &[row(&[0]), row(&[0x7f]), row(&[0x80, 1]), row(&[0xac, 2])].concat()));
    sheet.good("named row", "the name comes first", case(true, &[&name[..], &row(&[9])].concat()));
    let greatest = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
    sheet.good("greatest height", "2^53 - 1", case(false, &row(&greatest)));
    let wrong: [(&str, &str, bool, Vec<u8>); 7] = [
        ("height 2^53", "more than a number may be", false, row(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10])),
        ("long height", "0 in two bytes", false, row(&[0x80, 0])),
        ("endless height", "nine bytes that all say that more follow", false, row(&[0xff; 9])),
        ("cut height", "it ends before the number does", false, vec![0x80]),
        ("no head", "it ends behind the number", false, vec![5]),
        ("half a head", "it ends within the mark", false, vec![5, 1, 2, 3]),
        ("half a name", "it ends within the name", true, vec![1, 2, 3]),
    ];
    for (name, what, named, rows) in wrong {
        sheet.bad(name, what, case(named, &rows), "rows");
    }
    let late = [row(&[1]), vec![1]].concat();
    sheet.bad("second row cut", "no row counts when one is damaged", case(false, &late), "rows");
}

fn asked(sheet: &mut Sheet) {
    let case = |streams: u64, rows: &[u8]| Case::new("wants_rows", rows).with(json!({"streams": streams}));
    sheet.good("wants nothing", "no rows", case(3, &[]));
    sheet.good("wants", "the third from 300 on, five of the next, and another run of it", case(4, &[2, 0xac, 2, 0, 1, 7, 5, 0, 20, 1]));
    sheet.good("wants the first", "steps are counted from it", case(1, &[0, 0, 0]));
    sheet.good("wants what is not there", "nothing is read from there on", case(2, &[0, 0, 0, 2, 1, 1, 0, 1, 1]));
    sheet.good("wants, damaged", "what stands before it is read", case(2, &[0, 3, 4, 1, 0x80, 0, 1]));
    sheet.good("wants, cut", "what stands before it is read", case(2, &[0, 3, 4, 1, 0]));
    sheet.good("wants 501", "no more than 500 are read", case(1, &[0, 1, 1].repeat(501)));
}
