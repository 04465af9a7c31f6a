//! Terms of a shop: which `shop_create` holds when its keeper said them more than once, in whatever order they came (10.4).

use serde_json::{Value, json};

use haat_protocol::body::{Body, ShopCreate};
use haat_protocol::codec::{decode_own, encode};
use haat_protocol::entry::{Draft, Entry, Header};
use haat_protocol::id::EntryId;
use haat_protocol::space::{Inception, Sort};
use haat_protocol::time::{DAY_MS, Millis};

use crate::bodies::shop;
use crate::codes::Coded;
use crate::judge::Found;
use crate::kit::{SPACE_KEY, START, chain, device, header, inception, pair};
use crate::reader::{Keys, Pile, Reader};
use crate::sheet::{Case, Sheet};

/// The check of this name; none when it is not this one.
pub(crate) fn judge(check: &str, input: &[u8], context: &Value) -> Option<Found> {
    (check == "terms").then(|| terms(input, context))
}

/// The last of those that take effect and count, by lamport time and entry.
fn terms(input: &[u8], context: &Value) -> Found {
    let pile: Pile = decode_own(input).map_err(|fault| fault.code())?;
    let mut reader = Reader::new(pile.inception, pile.chains, Keys::One(SPACE_KEY))?;
    reader.hear(pile.entries, Millis(context["now"].as_u64().expect("a time")))?;
    let said = reader.kept.values().filter(|kept| reader.counts(kept.entry.header())).filter_map(|kept| match reader.effect(kept, true) {
        Ok(Body::ShopCreate(body)) => Some((kept.entry.header().lamport, kept.entry.id(), body.returns)),
        _ => None,
    });
    let last = said.max_by_key(|(lamport, id, _)| (*lamport, *id));
    Ok(last.map_or_else(|| json!({"entry": null, "returns": null}), |(_, id, returns)| json!({"entry": id, "returns": returns})))
}

/// The first log of each device of the shop's keeper, or another one.
type Log = (u8, u64);

/// Writes in a log after its last entry, by somebody who has met another one.
fn say((n, log): Log, after: Option<&Entry>, met: Option<&Entry>, body: &Body) -> Entry {
    let (seq, prev): (u64, Option<EntryId>) = after.map_or((0, None), |last| (last.header().seq + 1, Some(last.id())));
    let lamport = 1 + after.iter().chain(&met).map(|entry| entry.header().lamport).max().unwrap_or(0);
    let (space, refs) = (inception(Sort::Shop).id(), met.iter().map(|entry| entry.id()).collect());
    let form = header(body.kind().code());
    let header = Header { device: device(n), space, log, seq, prev, refs, lamport, at: START.plus(lamport * 1_000), ..form };
    Draft { header, body: body.encode() }.sign(&pair(n), None, &[0x77; 32]).expect("a good entry")
}

fn returns(words: &str) -> Body {
    Body::ShopCreate(ShopCreate { returns: words.into(), ..shop() })
}

fn case(entries: &[&Entry]) -> Case {
    let entries = entries.iter().map(|entry| entry.raw().clone()).collect();
    let pile = Pile { inception: inception(Sort::Shop), chains: (1..=2).map(chain).collect(), entries };
    Case::new("terms", encode(&pile)).with(json!({"now": START.plus(DAY_MS)}))
}

pub(crate) fn sheet() -> Sheet {
    let mut sheet = Sheet::new("terms", "Terms of a shop (10.4): which of several sayings holds, in whatever order they came.");
    in_order(&mut sheet);
    at_once(&mut sheet);
    without_effect(&mut sheet);
    sheet
}

fn in_order(sheet: &mut Sheet) {
    let first = say((1, 0), None, None, &returns("7 days"));
    let anew = say((1, 0), Some(&first), None, &returns("14 days"));
    let third = say((1, 0), Some(&anew), None, &returns("none"));
    sheet.good("nothing said", "there is no shop yet", case(&[]));
    sheet.good("said once", "what opens it", case(&[&first]));
    sheet.good("said anew", "the last holds", case(&[&first, &anew]));
    sheet.good("said twice anew", "the last of three", case(&[&first, &anew, &third]));
    sheet.good("said anew, out of order", "what came too early comes again", case(&[&anew, &first, &anew]));
}

fn at_once(sheet: &mut Sheet) {
    let first = say((1, 0), None, None, &returns("7 days"));
    let [one, other] = [(1, "one"), (2, "other")].map(|(log, words)| say((1, log), None, Some(&first), &returns(words)));
    let (less, more) = if one.id() < other.id() { (&one, &other) } else { (&other, &one) };
    sheet.good("two at once", "the greater entry holds", case(&[&first, less, more]));
    sheet.good("two at once, the other way", "in whatever order they came", case(&[&first, more, less]));
    let anew = say((1, 0), Some(&first), None, &returns("14 days"));
    let later = say((1, 0), Some(&anew), None, &returns("9 days"));
    sheet.good("an earlier one that comes late", "it changes nothing", case(&[&first, &anew, &later, more]));
    sheet.good("an earlier one that came before", "nor then", case(&[&first, more, &anew, &later]));
    let met = say((1, 2), None, Some(&later), &returns("30 days"));
    sheet.good("in another log", "the last of all logs holds", case(&[&first, &anew, &later, &met]));
    let twin = say((1, 1), None, None, &returns("1 day"));
    let (less, more) = if first.id() < twin.id() { (&first, &twin) } else { (&twin, &first) };
    sheet.good("opened twice", "the greater entry holds", case(&[more, less]));
}

fn without_effect(sheet: &mut Sheet) {
    let first = say((1, 0), None, None, &returns("7 days"));
    let anew = say((1, 0), Some(&first), None, &returns("14 days"));
    let against = say((1, 0), Some(&first), None, &returns("none"));
    sheet.good("set aside by a fork", "what stood before it holds", case(&[&first, &anew, &against]));
    let other = Inception { salt: [0xb7; 16], ..inception(Sort::Shop) };
    let foreign = say((1, 0), Some(&first), None, &Body::ShopCreate(ShopCreate { inception: other, ..shop() }));
    sheet.good("of another shop", "it is void", case(&[&first, &foreign]));
    let theirs = say((2, 0), None, Some(&first), &returns("theirs"));
    sheet.good("by another person", "only the keeper's word counts", case(&[&first, &theirs]));
    let named = ShopCreate { name: "Another name".into(), returns: "9 days".into(), ..shop() };
    let renamed = say((1, 0), Some(&first), None, &Body::ShopCreate(named));
    sheet.good("under another name", "a reader takes the last one as it stands", case(&[&first, &renamed]));
}
