//! A circle with its epochs, told as a story: whoever makes vectors about keys begins here.

use serde_json::{Value, json};

use haat_protocol::body::{Body, Epoch};
use haat_protocol::codec::encode;
use haat_protocol::entry::Unverified;
use haat_protocol::epoch::{ByteKey, EpochKeys, Rotation, rotate};
use haat_protocol::id::{Digest, EntryId, KeyId};
use haat_protocol::identity::Chain;
use haat_protocol::time::DAY_MS;

use crate::kit::{SPACE_KEY, START, chain, hex};
use crate::reader::Pile;
use crate::sheet::Case;
use crate::story::Story;

/// People who may take part.
const PEOPLE: u8 = 6;

/// An epoch that was made.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) key: KeyId,
    pub(crate) epoch: Epoch,
    pub(crate) keys: EpochKeys,
}

/// A circle and the epochs that were made for it.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) story: Story,
    pub(crate) made: Vec<Made>,
    pub(crate) chains: Vec<Chain>,
    /// Of which the reader holds no key, and of which the control key alone.
    pub(crate) lacks: (Vec<usize>, Vec<usize>),
}

impl Told {
    /// A circle of this many people, and its first epoch by person 1.
    pub(crate) fn of(size: u8) -> Self {
        Self::begun(Story::of(size))
    }

    /// The first epoch of this circle.
    pub(crate) fn begun(story: Story) -> Self {
        let mut told = Self { story, made: Vec::new(), chains: (1..=PEOPLE).map(chain).collect(), lacks: (Vec::new(), Vec::new()) };
        told.epoch(1, &[], &[], &[]);
        told
    }

    /// Makes an epoch that follows these and covers this, without telling it.
    pub(crate) fn make(&self, parents: &[usize], covers: &[Digest]) -> Made {
        let parents: Vec<(KeyId, u64, ByteKey)> = parents.iter().map(|at| self.parent(*at)).collect();
        let fresh = [u8::try_from(self.made.len()).expect("few") + 1; 32];
        let covers = covers.to_vec();
        let made = rotate(&Rotation { space: self.story.inception().id(), parents: &parents, covers, devices: &[], topic: None }, &fresh);
        Made { key: made.key, epoch: made.epoch, keys: made.keys }
    }

    fn parent(&self, at: usize) -> (KeyId, u64, ByteKey) {
        let made = &self.made[at];
        (made.key, made.epoch.manifest.generation, made.keys.control.clone())
    }

    /// Makes one, and somebody tells it.
    pub(crate) fn epoch(&mut self, who: u8, after: &[EntryId], parents: &[usize], covers: &[Digest]) -> usize {
        let made = self.make(parents, covers);
        self.tell(who, after, made)
    }

    /// Somebody tells one that was made.
    pub(crate) fn tell(&mut self, who: u8, after: &[EntryId], made: Made) -> usize {
        self.story.say(who, after, Body::Epoch(made.epoch.clone()));
        self.made.push(made);
        self.made.len() - 1
    }

    /// The keys that the reader holds.
    pub(crate) fn keys(&self) -> Vec<Value> {
        let (lacks, lacks_content) = &self.lacks;
        let key = |(at, made): (usize, &Made)| {
            let more = |key: &Option<ByteKey>| key.as_ref().filter(|_| !lacks_content.contains(&at)).map(|key| hex(&key.0));
            let (content, topic) = (more(&made.keys.content), more(&made.keys.topic));
            json!({"key": made.key, "control": hex(&made.keys.control.0), "content": content, "topic": topic})
        };
        self.made.iter().enumerate().filter(|(at, _)| !lacks.contains(at)).map(key).collect()
    }

    /// The circle as it came to the reader, with the chains of those who were ever named.
    pub(crate) fn pile(&self) -> Vec<u8> {
        let entries: Vec<Unverified> = self.story.entries.iter().map(|entry| entry.raw().clone()).collect();
        encode(&Pile { inception: self.story.inception(), chains: self.chains.clone(), entries })
    }

    /// What a reader makes of the epochs who holds these keys.
    pub(crate) fn case(&self) -> Case {
        let keys = [self.keys(), vec![before()]].concat();
        Case::new("epochs", self.pile()).with(json!({"keys": keys, "now": START.plus(DAY_MS)}))
    }
}

/// The key under which everything is said in which no epoch is named.
pub(crate) fn before() -> Value {
    json!({"key": hex(&[0x1d; 32]), "control": hex(&SPACE_KEY), "content": hex(&SPACE_KEY), "topic": null})
}

/// What an epoch names of an entry that it covers.
pub(crate) const fn covers(id: EntryId) -> Digest {
    Digest(id.0)
}
