//! Who was removed and is let in again: what the person says meanwhile, and through which device.

use super::*;

/// A further device of a person, who has it added to the own chain.
pub(super) fn other_device(node: &mut Node, seed: u8) -> Node {
    let mut other = node.beside(seed);
    other.me.prekeys = self::node(seed).me.prekeys;
    other
}

fn removes(ana: &mut Node, whom: &Node) {
    let whom = whom.me.id().to_string();
    ana.work(|work| work.circle_remove(CIRCLE, &whom)).expect("removes");
}

fn says(node: &mut Node, space: SpaceId, text: &str) -> EntryId {
    let body = Body::Post(Post { text: text.into(), listings: vec![], reply_to: None });
    node.work(|work| work.author(space, &body)).expect("says")
}

fn is_listed(node: &Node, id: EntryId) -> bool {
    node.store.snapshot_rows(Table::FeedCircle).iter().any(|(key, _)| key.ends_with(&id.0))
}

#[test]
fn what_came_before_the_news_that_its_author_is_in_again_is_shown() {
    let (mut ana, space) = founded();
    let (mut bob, mut eve) = (node(2), node(3));
    join(&mut ana, &mut bob, space);
    join(&mut ana, &mut eve, space);
    meet(&mut eve, &ana);
    removes(&mut ana, &bob);
    meet(&mut eve, &ana);
    join(&mut eve, &mut bob, space);
    let said = says(&mut bob, space, "here again");
    let about = eve.me.id();
    bob.work(|work| work.author(space, &Body::Vouch(Vouch { identity: about, weight: Weight::Friend, text: String::new() })))
        .expect("says");
    let entries: Vec<Entry> = bob.read(|tx| {
        let own = tx.prefix(Table::At, &[space.0, bob.device().0].concat());
        own.iter().filter_map(|(_, id)| known::entry(tx, &EntryId::from_slice(id)?)).collect()
    });
    for entry in &entries {
        take(&mut ana, entry);
    }
    assert!(has(&ana, Table::Body, said) && !is_listed(&ana, said), "bob is out for ana, who keeps it");
    assert_eq!(rows(&ana, Table::Vouch), 0);
    meet(&mut ana, &eve);
    assert!(is_listed(&ana, said), "now bob is in");
    assert_eq!(rows(&ana, Table::Vouch), 1);
    is_sound(&ana);
}

#[test]
fn a_device_whose_person_is_in_again_through_another_is_handed_the_keys() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    removes(&mut ana, &bob);
    bob.follow(&ana);
    let is_in = |node: &Node| node.read(|tx| circle::roster(tx, &space)).is_some_and(|roster| roster.has(&bob.me.id()));
    assert!(!is_in(&bob));
    let device = bob.device();
    assert!(!bob.work(|work| work.lacks_keys(&space)), "who is out asks for nothing");
    let mut other = other_device(&mut bob, 6);
    join(&mut ana, &mut other, space);
    let said = says(&mut ana, space, "welcome back");
    meet(&mut bob, &ana);
    assert!(!has(&bob, Table::Body, said), "no epoch since was sealed to this device");
    assert!(bob.work(|work| work.lacks_keys(&space)), "but it is handed what follows");
    let prekey = asks(&mut ana, &bob).prekey;
    let keys = ana.work(|work| work.keys_request(device, space, &prekey));
    bob.work(|work| work.keys_answered(space, &keys));
    assert!(has(&bob, Table::Body, said));
    let roster = bob.read(|tx| circle::roster(tx, &space)).expect("a roster");
    assert!(roster.has(&bob.me.id()), "and knows that the person is in");
    is_sound(&bob);
}
