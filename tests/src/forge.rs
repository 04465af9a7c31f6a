//! What a hostile member can make with its real key, outside the engine: a second entry at a place, an entry in another's name,
//! an entry of a stranger. It must never be used for an honest node.

use haat_node::myself::Myself;
use haat_node::secret;
use haat_node::store::Tx;
use haat_protocol::codec::{decode, encode};
use haat_protocol::crypto::Keypair;
use haat_protocol::entry::{Draft, Entry};
use haat_protocol::id::DeviceId;
use haat_protocol::kind::Kind;
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
