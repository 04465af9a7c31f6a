//! What this program makes of the vectors about epochs and keys of shops: which epoch serves, what follows it, whose turn it is, and
//! when a shop's key is renewed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use serde_json::{Value, json};

use haat_protocol::body::Body;
use haat_protocol::circle::Roster;
use haat_protocol::codec::decode_own;
use haat_protocol::crypto::{Context, hash};
use haat_protocol::epoch::{self, ByteKey, EpochKeys, Graph, Node, Ring, key_id, lot};
use haat_protocol::id::{DeviceId, Digest, EntryId, IdentityId, KeyId, SpaceId};
use haat_protocol::space::Inception;
use haat_protocol::time::Millis;

use crate::codes::Coded;
use crate::judge::{Found, array};
use crate::reader::{Keys, Pile, Reader};

/// The check of this name; none when it is not one of these.
pub(crate) fn judge(check: &str, input: &[u8], context: &Value) -> Option<Found> {
    match check {
        "epochs" => Some(epochs(input, context)),
        "renewal" => Some(renewal(input, context)),
        _ => None,
    }
}

/// What a reader who holds some keys knows of a circle.
pub(crate) struct Ringed {
    pub(crate) space: SpaceId,
    pub(crate) reader: Reader,
    pub(crate) roster: Roster,
    pub(crate) ring: Ring,
    held: BTreeMap<KeyId, EpochKeys>,
    /// Of each epoch that counts the latest time that is claimed.
    told: BTreeMap<KeyId, Millis>,
    /// Epochs that were met, counting or not.
    met: Graph,
}

impl Ringed {
    pub(crate) fn read(input: &[u8], context: &Value) -> Result<Self, String> {
        let pile: Pile = decode_own(input).map_err(|fault| fault.code())?;
        let told = context["keys"].as_array().expect("keys").iter();
        let key = |one: &Value, name: &str| one[name].is_string().then(|| ByteKey(array(one, name)));
        let keys =
            |one: &Value| EpochKeys { control: ByteKey(array(one, "control")), content: key(one, "content"), topic: key(one, "topic") };
        let held: BTreeMap<KeyId, EpochKeys> = told.map(|one| (KeyId(array(one, "key")), keys(one))).collect();
        let space = pile.inception.id();
        let mut reader = Reader::new(pile.inception, pile.chains, Keys::Epochs(held.clone()))?;
        reader.hear(pile.entries, Millis(context["now"].as_u64().expect("a time")))?;
        let roster = reader.roster.clone().ok_or_else(|| "no_roster".to_owned())?;
        let (mut told, mut counting, mut met) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for kept in reader.kept.values() {
            let Ok(Body::Epoch(body)) = reader.effect(kept, true) else { continue };
            let (manifest, header) = (body.manifest, kept.entry.header());
            let (key, parents) = (key_id(space, &manifest), manifest.parents.iter().map(|(parent, _)| *parent).collect());
            let node = Node { generation: manifest.generation, parents, covers: manifest.covers };
            if reader.counts(header) {
                let at = told.entry(key).or_insert(header.at);
                *at = header.at.max(*at);
                counting.insert(key, node.clone());
            }
            met.insert(key, node);
        }
        let removals = roster.removed.values().map(|removal| Digest(removal.by.0));
        let required = removals.chain(revocations(&reader, roster.members.keys())).collect();
        let revoked = revocations(&reader, roster.members.keys().chain(roster.removed.keys())).into_iter().collect();
        let ring = Ring { graph: Graph::new(counting), required, revoked };
        Ok(Self { space, reader, roster, ring, held, told, met: Graph::new(met) })
    }

    fn is_opened(&self, digest: &Digest) -> bool {
        self.reader.opened(&EntryId(digest.0)).is_some()
    }

    /// Whether an epoch covers all that is known, whether it counts or not.
    pub(crate) fn covers_all(&self, key: &KeyId) -> bool {
        self.met.node(key).is_some() && self.ring.required.is_subset(&self.met.covered(key))
    }
}

fn revocations<'p>(reader: &Reader, people: impl Iterator<Item = &'p IdentityId>) -> Vec<Digest> {
    let people: BTreeSet<&IdentityId> = people.collect();
    let theirs = reader.people.values().filter(|identity| people.contains(&identity.id()));
    theirs.flat_map(|identity| identity.revocations()).map(|revocation| Digest(revocation.by.0)).collect()
}

fn epochs(input: &[u8], context: &Value) -> Found {
    let known = Ringed::read(input, context)?;
    let ring = &known.ring;
    let stands = known.told.iter().filter(|(key, _)| ring.graph.node(key).is_some());
    let stands = stands.map(|(key, at)| json!({"key": key, "at": at, "covered": ring.graph.covered(key)}));
    let holds_content = |key: &KeyId| known.held.get(key).is_some_and(|keys| keys.content.is_some());
    let in_use = ring.current(|digest| known.is_opened(digest), holds_content);
    let next = ring.next(|digest| known.is_opened(digest), |key| known.held.contains_key(key)).map(|next| {
        let generation = next.parents.iter().filter_map(|key| ring.graph.node(key)).map(|node| node.generation + 1).max().unwrap_or(0);
        json!({"generation": generation, "parents": next.parents.into_iter().collect::<BTreeSet<_>>(), "covers": next.covers})
    });
    let members: BTreeSet<IdentityId> = known.roster.members.keys().copied().collect();
    let theirs = known.reader.people.values().filter(|identity| members.contains(&identity.id()));
    let devices: BTreeSet<DeviceId> = theirs.flat_map(|identity| identity.devices().to_vec()).collect();
    let leads = ring.leading(in_use, |key| known.held.get(key).is_some_and(|keys| keys.topic.is_some()));
    let mut turns: Vec<DeviceId> = devices.into_iter().collect();
    turns.sort_by_key(|device| lot(&known.space, leads.as_ref(), device));
    Ok(json!({
        "stands": stands.collect::<Vec<_>>(), "known": ring.required, "in_use": in_use, "leads": leads, "next": next, "turns": turns,
    }))
}

/// A shop and, of each circle it was ever shared into, what came to its creator's device.
#[derive(Serialize, Deserialize)]
pub(crate) struct Shared {
    pub(crate) shop: Inception,
    pub(crate) circles: Vec<ByteBuf>,
}

/// What the creator said of the shop in one circle.
struct Words {
    known: Ringed,
    is_shared: bool,
    /// Generation, key and the epoch it was said under, of every share that is not void.
    told: Vec<(u64, KeyId, Option<KeyId>)>,
    earlier: Vec<(u64, KeyId)>,
}

fn shop_key(shop: &SpaceId, secret: &[u8; 32]) -> KeyId {
    KeyId(hash(Context::ShopKey, &[&shop.0, secret]))
}

fn words(shop: &Inception, known: Ringed) -> Words {
    let (id, reader) = (shop.id(), &known.reader);
    let mut said: Vec<_> =
        reader.kept.values().filter_map(|kept| Some((kept.entry.header(), reader.effect(kept, true).ok()?, kept.entry.id()))).collect();
    said.retain(|(header, ..)| reader.people.get(&header.device).is_some_and(|person| person.id() == shop.creator));
    said.sort_by_key(|(header, _, id)| (header.lamport, *id));
    let (mut last, mut told, mut earlier) = (false, Vec::new(), Vec::new());
    for (header, body, _) in said {
        let is_share = match body {
            Body::Share(body) if body.inception.id() == id => {
                told.push((body.generation, shop_key(&id, &body.secret), header.key));
                earlier.extend(body.earlier.iter().map(|(generation, secret)| (*generation, shop_key(&id, secret))));
                true
            }
            Body::Unshare(body) if body.shop == id => false,
            _ => continue,
        };
        last = if reader.counts(header) { is_share } else { last };
    }
    let is_shared = last && known.roster.has(&shop.creator);
    Words { known, is_shared, told, earlier }
}

fn renewal(input: &[u8], context: &Value) -> Found {
    let Shared { shop, circles } = decode_own(input).map_err(|fault| fault.code())?;
    let circles: Result<Vec<Words>, String> = circles.iter().map(|pile| Ok(words(&shop, Ringed::read(pile, context)?))).collect();
    let circles = circles?;
    let keys =
        circles.iter().flat_map(|circle| circle.told.iter().map(|(generation, key, _)| (*generation, *key)).chain(circle.earlier.clone()));
    let newest = keys.max_by_key(|(generation, key)| (*generation, Reverse(*key)));
    let is_exposed = |circle: &Words, newest: &KeyId| {
        let under = circle.told.iter().filter(|(_, key, _)| key == newest).map(|(.., epoch)| *epoch);
        epoch::is_exposed(circle.is_shared, under, |epoch| circle.known.covers_all(epoch))
    };
    let renewed = newest.filter(|(_, newest)| circles.iter().any(|circle| is_exposed(circle, newest)));
    let shared: BTreeSet<SpaceId> = circles.iter().filter(|circle| circle.is_shared).map(|circle| circle.known.space).collect();
    Ok(json!({"shared": shared, "newest": newest.map(|(_, key)| key), "renewed": renewed.map(|(generation, _)| generation + 1)}))
}
