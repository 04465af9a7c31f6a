//! What a hostile member can make with its real key, outside the engine: a second entry at a place, an entry in another's name,
//! an entry of a stranger, words of a newer program. It must never be used for an honest node.

use std::collections::BTreeMap;
use std::path::Path;

use haat_node::engine::runner::clock;
use haat_node::home::Home;
use haat_node::home::keyfile::Secrets;
use haat_node::intake::{self, Taken};
use haat_node::myself::{Key, Myself};
use haat_node::store::disk::DiskStore;
use haat_node::store::{Store, Tx};
use haat_node::view::known::Known;
use haat_node::view::{Cx, circle};
use haat_node::{keyring, secret};
use haat_protocol::admit::View;
use haat_protocol::codec::{decode, encode};
use haat_protocol::crypto::{Context, Keypair, hash};
use haat_protocol::entry::{Draft, Entry, Header, LogId};
use haat_protocol::id::DeviceId;
use haat_protocol::identity::Chain;
use haat_protocol::kind::{Kind, secrecy_of};
use haat_protocol::limits::GOSSIP_MAX_BYTES;
use haat_protocol::time::Millis;
use haat_protocol::wire::Item;

/// The entry in a gossip message, when it is one of this device.
fn own(device: DeviceId, data: &[u8]) -> Option<Entry> {
    let Ok(Item::Entry(raw)) = decode::<Item>(data, GOSSIP_MAX_BYTES) else { return None };
    raw.verify().ok().filter(|entry| entry.header().device == device)
}

/// A hostile member at its forge: what its node holds, its keys, and some chance.
#[derive(Debug)]
pub struct Forge<'a, 's> {
    /// What its node holds.
    pub tx: &'a Tx<'s>,
    /// Its keys.
    pub me: &'a Myself,
    /// Bytes that were not used before.
    pub fresh: [u8; 32],
}

impl Forge<'_, '_> {
    /// Signs an entry again, with something about it changed, and gives the gossip message it makes.
    fn again(&self, entry: &Entry, pair: &Keypair, device: DeviceId) -> Option<Vec<u8>> {
        let key = secret::for_header(self.tx, self.me, entry.header());
        let body = entry.open(key.as_ref()).ok()?;
        let mut header = entry.header().clone();
        header.at = Millis(header.at.0 + 1);
        header.device = device;
        let forged = Draft { header, body }.sign(pair, key.as_ref(), &self.fresh).ok()?;
        Some(encode(&Item::Entry(forged.raw().clone())))
    }

    /// A second entry at the place of one that is being published: a fork. Only posts are forked.
    #[must_use]
    pub fn fork(&self, data: &[u8]) -> Option<Vec<u8>> {
        let device = self.me.device();
        let entry = own(device, data).filter(|entry| Kind::from_code(entry.header().kind) == Some(Kind::Post))?;
        self.again(&entry, &self.me.pair, device)
    }

    /// The same entry in the name of another member, under a signature that is not that member's.
    #[must_use]
    pub fn in_the_name_of(&self, other: DeviceId, data: &[u8]) -> Option<Vec<u8>> {
        self.again(&own(self.me.device(), data)?, &self.me.pair, other)
    }

    /// The same entry of somebody whom nobody knows, rightly signed.
    #[must_use]
    pub fn of_a_stranger(&self, data: &[u8]) -> Option<Vec<u8>> {
        let stranger = Keypair::from_seed(&self.fresh);
        self.again(&own(self.me.device(), data)?, &stranger, stranger.public())
    }
}

/// The home of a stopped node whose member now has a newer program: what it says goes into its own log, without asking the rules of
/// today what they think of it.
#[derive(Debug)]
pub struct NewerHome {
    store: DiskStore,
    me: Myself,
}

impl NewerHome {
    /// Opens a home that nobody else has open.
    ///
    /// # Panics
    /// When it is none, or has a passphrase.
    #[must_use]
    pub fn open(path: &Path) -> Self {
        let home = Home::open(path).expect("a home");
        let secrets = Secrets::load(&home.identity_path(), "").expect("no passphrase");
        let store = DiskStore::open(&home.store_path()).expect("nobody else has it open");
        let (root, pair) = (Keypair::from_seed(&secrets.root_seed()), Keypair::from_seed(&secrets.device_seed));
        let begun = Chain::begin(&root, &Keypair::from_seed(&secrets.next_root_seed()).public(), &pair, secrets.created);
        let identity = begun.verify().expect("a fresh chain");
        let prekeys = secrets.prekeys.iter().map(|(_, key)| Key(*key)).collect();
        let me = Myself { identity, root: Some(root), pair, storage: Key(secrets.storage_key), prekeys, name: secrets.name.clone() };
        Self { store, me }
    }

    /// Says something in the first log of its first circle, after what stands there, with something about the header changed; the
    /// entry's id.
    ///
    /// # Panics
    /// When it has no circle, or the entry is not kept.
    #[must_use]
    pub fn says(&self, kind: u64, body: &[u8], tweak: impl FnOnce(&mut Header)) -> String {
        let snapshot = self.store.snapshot().expect("readable");
        let mut tx = Tx::new(&*snapshot);
        let space = *circle::all(&tx).first().expect("a circle");
        let (key, keys) = keyring::current(&tx, &self.me, &space).expect("its keys");
        let secret = keys.key(secrecy_of(kind)).copied();
        let log = LogId { space, device: self.me.device(), number: 0 };
        let head = Known(&tx).head(&log);
        let lamport = head.as_ref().map_or(0, |head| head.lamport) + 1;
        let at = clock();
        let mut header = Header {
            device: log.device,
            space,
            log: 0,
            seq: head.as_ref().map_or(0, |head| head.seq + 1),
            prev: head.as_ref().map(|head| head.id),
            kind,
            flags: 0,
            lamport,
            at,
            refs: Vec::new(),
            key: Some(key),
            payload_bytes: 0,
            payload_hash: None,
            extensions: BTreeMap::new(),
        };
        tweak(&mut header);
        let fresh = hash(Context::Stream, &[&lamport.to_be_bytes()]);
        let entry = Draft { header, body: body.to_vec() }.sign(&self.me.pair, secret.as_ref(), &fresh).expect("signs");
        let taken = intake::entry(&mut Cx { tx: &mut tx, me: &self.me, at }, &entry);
        assert_eq!(taken, Taken::Kept, "its own node keeps it");
        let batch = tx.finish().expect("sound");
        drop(snapshot);
        self.store.clone().commit(batch).expect("written");
        entry.id().to_string()
    }
}
