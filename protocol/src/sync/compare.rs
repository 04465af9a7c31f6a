//! Comparing two holders of one scope: digests, heights in the order of names, and the rows in which both travel.

use std::collections::BTreeMap;

use serde_bytes::ByteBuf;

use super::tag::mark;
use super::{Frontier, Places, Stream, Want};
use crate::codec::encode;
use crate::crypto::{Context, hash};
use crate::entry::LogId;
use crate::limits::{INTEGER_MAX, SYNC_WANTS_MAX};
use crate::wire::{Heights, Mark, Scope, StreamKey, Summary, Wants};

/// Bytes of a varint that holds any integer of this protocol: 53 bits in sevens.
const VARINT_MAX_BYTES: usize = 8;

/// What is held of a scope, in sixteen bytes.
#[must_use]
pub fn summary(scope: Scope, streams: &Frontier, joint: &[u8; 32]) -> Summary {
    Summary { scope, state: mark(&streams.state.0, joint), names: names(streams, joint) }
}

/// The names of a scope's streams, in eight bytes.
pub(super) fn names(streams: &Frontier, joint: &[u8; 32]) -> Mark {
    mark(&streams.names.0, joint)
}

/// The name of a stream on this connection.
pub(super) fn name(key: &StreamKey, joint: &[u8; 32]) -> Mark {
    mark(&hash(Context::SyncDigest, &[&encode(key)]), joint)
}

/// Heights of a scope for an asker who sent `theirs`; none when it holds the same.
#[must_use]
pub fn heights(streams: &Frontier, theirs: &Summary, joint: &[u8; 32]) -> Option<Heights> {
    let mine = summary(theirs.scope, streams, joint);
    if mine.state == theirs.state {
        return None;
    }
    let named = mine.names != theirs.names;
    let mut rows = Vec::with_capacity(streams.len() * 20);
    for stream in streams.iter() {
        if named {
            rows.extend_from_slice(&name(&stream.key, joint).0);
        }
        varint(&mut rows, stream.height);
        rows.extend_from_slice(&mark(&stream.head.0, joint).0);
    }
    Some(Heights { scope: theirs.scope, names: mine.names, named, rows: ByteBuf::from(rows) })
}

/// One stream as the other claims to hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Its name, when the two hold different ones.
    pub name: Option<Mark>,
    /// How much of it.
    pub height: u64,
    /// What stands at its end.
    pub head: Mark,
}

/// Reads the rows of heights; none when they are damaged.
#[must_use]
pub fn claims(heights: &Heights) -> Option<Vec<Claim>> {
    let mut rows: &[u8] = &heights.rows;
    let mut claims = Vec::new();
    while !rows.is_empty() {
        let name = if heights.named { Some(eight(&mut rows)?) } else { None };
        claims.push(Claim { name, height: number(&mut rows)?, head: eight(&mut rows)? });
    }
    Some(claims)
}

/// A row of a pull: index of the stream in the answerer's order, first height, how many.
pub(super) type Range = (usize, u64, u64);

/// Writes the rows of a pull, ascending by index.
pub(super) fn ranges(wanted: &[Range]) -> ByteBuf {
    let mut rows = Vec::with_capacity(wanted.len() * 4);
    let mut last = 0;
    for (index, from, count) in wanted {
        varint(&mut rows, (index - last) as u64);
        varint(&mut rows, *from);
        varint(&mut rows, *count);
        last = *index;
    }
    ByteBuf::from(rows)
}

/// A pull of single entries, by the order of one's own streams: it holds where the other has the same.
pub(super) fn gaps(scope: Scope, streams: &Frontier, places: &Places, joint: &[u8; 32]) -> Wants {
    let index = |log: &LogId| streams.iter().position(|stream| stream.key == StreamKey::Log(*log));
    let mut wanted: Vec<Range> = places.iter().filter_map(|(log, seq)| Some((index(log)?, *seq, 1))).collect();
    wanted.sort_unstable();
    Wants { scope, names: names(streams, joint), rows: ranges(&wanted) }
}

/// Reads the rows of a pull over these streams, as many as one pull may have; damaged ones and those beyond the end are not read.
#[must_use]
pub fn wanted(mut rows: &[u8], streams: &[Stream]) -> Vec<Want> {
    let mut wants = Vec::new();
    let mut index = 0usize;
    while wants.len() < SYNC_WANTS_MAX
        && let Some((step, from, count)) = triple(&mut rows)
    {
        index = index.saturating_add(usize::try_from(step).unwrap_or(usize::MAX));
        let Some(stream) = streams.get(index) else { break };
        wants.push(Want { key: stream.key, from, count: (count > 0).then_some(count) });
    }
    wants
}

/// Positions of streams by their name on this connection.
pub(super) fn by_name<'a>(keys: impl Iterator<Item = &'a StreamKey>, joint: &[u8; 32]) -> BTreeMap<Mark, StreamKey> {
    keys.map(|key| (name(key, joint), *key)).collect()
}

fn triple(rows: &mut &[u8]) -> Option<(u64, u64, u64)> {
    Some((number(rows)?, number(rows)?, number(rows)?))
}

/// Seven bits a byte, lowest first; the high bit says that more follow.
fn varint(rows: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        rows.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    rows.push(number as u8);
}

/// Reads a varint below 2^53 in its shortest form.
fn number(rows: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for position in 0..VARINT_MAX_BYTES {
        let (byte, rest) = rows.split_first()?;
        *rows = rest;
        value |= u64::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            let is_shortest = *byte != 0 || position == 0;
            return (is_shortest && value < INTEGER_MAX).then_some(value);
        }
    }
    None
}

fn eight(rows: &mut &[u8]) -> Option<Mark> {
    let (bytes, rest) = rows.split_first_chunk::<8>()?;
    *rows = rest;
    Some(Mark(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_form() {
        for value in [0, 1, 127, 128, 300, 1 << 35, INTEGER_MAX - 1] {
            let mut bytes = Vec::new();
            varint(&mut bytes, value);
            assert_eq!(number(&mut bytes.as_slice()), Some(value));
            assert_eq!(number(&mut &bytes[..bytes.len() - 1]), None, "cut short");
        }
        assert_eq!(number(&mut [0x80, 0x00].as_slice()), None, "a longer form of 0");
        assert_eq!(number(&mut [0xff; 9].as_slice()), None, "too long");
        let mut large = Vec::new();
        varint(&mut large, INTEGER_MAX);
        assert_eq!(number(&mut large.as_slice()), None, "too large");
    }
}
