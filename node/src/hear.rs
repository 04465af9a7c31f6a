//! What the network brought, looked at before the engine: signatures are checked here, on all cores, in the order of arrival.
//!
//! Nothing is decided here. An entry that does not hold is simply not among the checked ones; the engine meets it again and says so.

use futures::stream::{Stream, StreamExt as _};
use haat_protocol::codec::decode;
use haat_protocol::entry::{Entry, Unverified};
use haat_protocol::limits::{GOSSIP_MAX_BYTES, HEARD_AT_ONCE};
use haat_protocol::wire::{Item, SyncRequest, SyncResponse};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::net::{Channel, NetEvent};

/// A network event with the entries in it whose signatures hold.
#[derive(Debug)]
pub struct Heard {
    /// What the network told.
    pub event: NetEvent,
    /// Entries of it that were checked.
    pub entries: Vec<Entry>,
}

/// Network events, each checked, in the order in which they came. Some are under way at once, so that all cores check.
pub fn listen(events: mpsc::Receiver<NetEvent>) -> impl Stream<Item = Heard> {
    let checked = |event: NetEvent| async move {
        if !may_carry(&event) {
            return Heard { event, entries: Vec::new() };
        }
        let unchecked = event.clone();
        let checked = tokio::task::spawn_blocking(move || check(event)).await;
        checked.unwrap_or(Heard { event: unchecked, entries: Vec::new() })
    };
    ReceiverStream::new(events).map(checked).buffered(HEARD_AT_ONCE)
}

const fn may_carry(event: &NetEvent) -> bool {
    matches!(event, NetEvent::Gossip { .. } | NetEvent::Response { .. } | NetEvent::Request { channel: Channel::Sync, .. })
}

/// Checks what an event carries.
fn check(event: NetEvent) -> Heard {
    let items = match &event {
        NetEvent::Gossip { data, .. } => decode::<Item>(data, GOSSIP_MAX_BYTES).map(|item| vec![item]).unwrap_or_default(),
        NetEvent::Request { data, .. } => match SyncRequest::from_bytes(data) {
            Ok(SyncRequest::Push { items, .. }) => items,
            _ => Vec::new(),
        },
        NetEvent::Response { data, .. } => match SyncResponse::from_bytes(data) {
            Ok(SyncResponse::Items { items, .. } | SyncResponse::Removed { items }) => items,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    let entry = |item: Item| if let Item::Entry(raw) = item { Some(raw) } else { None };
    let entries = items.into_iter().filter_map(entry).filter_map(|raw: Unverified| raw.verify().ok()).collect();
    Heard { event, entries }
}

#[cfg(test)]
mod tests {
    use haat_protocol::codec::encode;
    use haat_protocol::crypto::{Keypair, Sig};
    use haat_protocol::entry::{Draft, Header};
    use haat_protocol::id::{DeviceId, SpaceId};
    use haat_protocol::time::Millis;

    use super::*;
    use crate::net::GossipId;

    fn entry(seq_of_lamport: u64) -> Entry {
        let pair = Keypair::from_seed(&[1; 32]);
        let header = Header {
            device: pair.public(),
            space: SpaceId([2; 32]),
            log: 0,
            seq: 0,
            prev: None,
            kind: 33,
            flags: 0,
            lamport: seq_of_lamport,
            at: Millis(1),
            refs: vec![],
            key: None,
            payload_bytes: 0,
            payload_hash: None,
            extensions: std::collections::BTreeMap::new(),
        };
        Draft { header, body: b"x".to_vec() }.sign(&pair, None, &[0; 32]).expect("signs")
    }

    fn gossip(raw: &Unverified) -> NetEvent {
        let data = encode(&Item::Entry(raw.clone()));
        NetEvent::Gossip { id: GossipId([0; 20]), device: DeviceId([9; 32]), topic: "t".into(), data }
    }

    #[tokio::test]
    async fn order_stays_and_what_does_not_hold_is_left_to_the_engine() {
        let (send, events) = mpsc::channel(64);
        let good: Vec<Entry> = (1..30).map(entry).collect();
        for entry in &good {
            send.send(gossip(entry.raw())).await.expect("room");
        }
        let mut forged = good[0].raw().clone();
        forged.sig = Sig([7; 64]);
        send.send(gossip(&forged)).await.expect("room");
        drop(send);
        let heard: Vec<Heard> = listen(events).collect().await;
        let ids: Vec<_> = heard.iter().flat_map(|heard| heard.entries.iter().map(Entry::id)).collect();
        assert_eq!(ids, good.iter().map(Entry::id).collect::<Vec<_>>());
        assert_eq!(heard.len(), 30);
        assert_eq!(heard[29].event, gossip(&forged), "the event itself goes on");
    }
}
