//! Norms that change, as receivers judge by them: whoever forges, and whatever comes first, all come to the same verdicts.

use haat_protocol::body::Share;
use haat_protocol::entry::NORMS_EXTENSION;
use haat_protocol::limits::NORMS_GRACE_MS;

use super::*;
use crate::view::shelf;

/// Ana owns the circle; bob writes what he likes; carol hears of it in whatever order.
fn lane() -> (Node, Node, Node, SpaceId) {
    let (mut ana, space) = founded();
    let (mut bob, mut carol) = (node(2), node(3));
    join(&mut ana, &mut bob, space);
    join(&mut ana, &mut carol, space);
    meet(&mut carol, &ana);
    (ana, bob, carol, space)
}

fn changed(ana: &mut Node, document: &str) {
    ana.work(|work| work.circle_norms(CIRCLE, document)).expect("changes");
}

fn citing(version: u64) -> impl Fn(&mut Header) {
    move |header| {
        if version > 0 {
            header.extensions.insert(NORMS_EXTENSION.into(), ByteBuf::from(version.to_be_bytes()));
        }
    }
}

fn verdicts(node: &Node) -> [Vec<(Vec<u8>, Vec<u8>)>; 3] {
    [Table::Void, Table::FeedAll, Table::FeedCircle].map(|table| node.store.snapshot_rows(table))
}

#[test]
fn receivers_judge_by_the_norms_that_are_cited() {
    let (mut ana, bob, mut carol, space) = lane();
    let before = crafted(&bob, space, post("before"), None, citing(0));
    let early = crafted(&bob, space, post("early"), Some(&before), citing(2));
    let back = crafted(&bob, space, post("back"), Some(&early), citing(1));
    let garbled = crafted(&bob, space, post("garbled"), Some(&back), |header| {
        header.extensions.insert(NORMS_EXTENSION.into(), ByteBuf::from(vec![2]));
    });
    let all = [&before, &early, &back, &garbled];
    // Carol hears of it all before she hears of the norms; ana made the norms first.
    for entry in all {
        assert_eq!(take(&mut carol, entry), Taken::Kept);
    }
    assert!(has(&carol, Table::Void, early.id()), "norms that nobody knows");
    changed(&mut ana, r#"{"denied": ["post"]}"#);
    let denied = ana.work(|work| {
        let body = Body::Post(Post { text: "mine".into(), listings: vec![], reply_to: None });
        work.author(space, &body)
    });
    assert_eq!(denied.expect_err("there is no place for it").code, "rule");
    changed(&mut ana, r#"{"denied": [], "posts_per_day": 3}"#);
    for entry in all {
        assert_eq!(take(&mut ana, entry), Taken::Kept);
    }
    carol.follow(&ana);
    for node in [&ana, &carol] {
        let is_void = all.map(|entry| has(node, Table::Void, entry.id()));
        assert_eq!(is_void, [false, false, true, true], "later norms need no place before them, earlier ones do");
        is_sound(node);
    }
    assert_eq!(verdicts(&ana), verdicts(&carol));
    // A day later the first norms can be cited no more, and the second quota is spent by what is void too.
    for node in [&mut ana, &mut carol] {
        node.now = node.now.plus(NORMS_GRACE_MS + 1);
    }
    let late = |header: &mut Header| header.at = bob.now.plus(NORMS_GRACE_MS + 1);
    let over = crafted(&carol, space, post("over"), None, |header| late(header));
    assert_eq!((take(&mut ana, &over), take(&mut carol, &over)), (Taken::Kept, Taken::Kept));
    assert!(has(&ana, Table::Void, over.id()) && has(&carol, Table::Void, over.id()));
}

#[test]
fn a_forged_quota_is_counted_by_every_receiver() {
    let (mut ana, mut bob, mut carol, space) = lane();
    changed(&mut ana, r#"{"posts_per_day": 1}"#);
    let first = crafted(&bob, space, post("first"), None, citing(1));
    let second = crafted(&bob, space, post("second"), Some(&first), citing(1));
    for entry in [&first, &second] {
        take(&mut carol, entry);
        take(&mut ana, entry);
    }
    carol.follow(&ana);
    bob.follow(&carol);
    for node in [&ana, &bob, &carol] {
        assert!(!has(node, Table::Void, first.id()) && has(node, Table::Void, second.id()));
    }
    assert_eq!(verdicts(&ana), verdicts(&carol));
}

#[test]
fn what_an_entry_names_is_looked_at_again_when_it_comes() {
    let (mut ana, bob, mut carol, space) = lane();
    let said = crafted(&ana, space, post("first"), None, |_| {});
    let lie = crafted(&bob, space, post("far"), None, |header| {
        header.refs = vec![said.id()];
        header.lamport = 1_000;
    });
    take(&mut carol, &lie);
    assert!(!has(&carol, Table::Void, lie.id()), "nobody can tell yet");
    for entry in [&said, &lie] {
        take(&mut ana, entry);
    }
    take(&mut carol, &said);
    for node in [&ana, &carol] {
        assert!(has(node, Table::Void, lie.id()) && !has(node, Table::Void, said.id()));
        is_sound(node);
    }
    assert_eq!(verdicts(&ana), verdicts(&carol));
}

/// A share as a modified program makes it.
fn share_of(node: &Node, shop: SpaceId) -> (u64, Vec<u8>) {
    let inception = node.read(|tx| known::inception(tx, &shop)).expect("opened");
    let (_, generation, secret) = node.read(|tx| secret::shop(tx, &node.me, &shop)).expect("a key");
    (Kind::Share.code(), Body::Share(Share { inception, generation, secret, earlier: vec![] }).encode())
}

fn shops(node: &Node, space: SpaceId) -> Vec<SpaceId> {
    node.read(|tx| shelf::shared_into(tx, &space))
}

fn raise(ana: &mut Node, whom: &Node, role: &str) {
    let whom = whom.me.id().to_string();
    ana.work(|work| work.circle_role(CIRCLE, &whom, role)).expect("gives");
}

#[test]
fn who_may_not_sell_shares_nothing_whatever_comes_first() {
    let (mut ana, mut bob, mut carol, space) = lane();
    let shop = bob.shop();
    changed(&mut ana, r#"{"sell": "steward"}"#);
    let before = crafted(&bob, space, share_of(&bob, shop), None, citing(0));
    let cheating = crafted(&bob, space, share_of(&bob, shop), Some(&before), citing(1));
    // Carol hears of the shares before the norms, ana after them.
    for entry in [&before, &cheating] {
        assert_eq!((take(&mut carol, entry), take(&mut ana, entry)), (Taken::Kept, Taken::Kept));
    }
    carol.follow(&ana);
    for node in [&ana, &carol] {
        assert!(!has(node, Table::Void, before.id()), "it was shared while everybody sold");
        assert!(has(node, Table::Void, cheating.id()));
        assert_eq!(shops(node, space), [shop]);
        is_sound(node);
    }
    assert_eq!(verdicts(&ana), verdicts(&carol));
    // The honest program refuses, and names the rule.
    bob.follow(&ana);
    bob.work(|work| work.shop_unshare(&shop.to_string(), CIRCLE)).expect("taking back asks for no role");
    let problem = bob.work(|work| work.shop_share(&shop.to_string(), CIRCLE)).expect_err("bob is no steward");
    assert_eq!(problem.code, "may-not-sell");
    assert!(problem.detail.contains("steward"), "{problem:?}");
}

#[test]
fn a_seller_s_role_is_that_of_the_place_of_the_share() {
    let (mut ana, mut bob, mut carol, space) = lane();
    let shop = bob.shop();
    changed(&mut ana, r#"{"sell": "steward"}"#);
    raise(&mut ana, &bob, "steward");
    bob.follow(&ana);
    let listed = bob.list(shop, None);
    bob.work(|work| work.shop_share(&shop.to_string(), CIRCLE)).expect("a steward sells");
    let shared = bob.read(|tx| shelf::words(tx, &space, &shop))[0].0;
    let entry = |id: &EntryId| bob.read(|tx| known::entry(tx, id)).expect("held");
    let log = entry(&shared).header().log_id();
    let late: Vec<Entry> =
        (0..=entry(&shared).header().seq).filter_map(|seq| Some(entry(&bob.read(|tx| Known(tx).at(&log, seq))?))).collect();
    // Carol hears of the share first: nobody she knows of has the right to it yet.
    for entry in &late {
        take(&mut carol, entry);
    }
    assert!(has(&carol, Table::Void, shared));
    take(&mut carol, &entry(&listed));
    ana.follow(&bob);
    carol.follow(&ana);
    carol.follow(&bob);
    // Later roles change nothing about what stands.
    raise(&mut ana, &bob, "member");
    carol.follow(&ana);
    for node in [&ana, &carol] {
        assert!(!has(node, Table::Void, shared));
        assert_eq!(shops(node, space), [shop]);
        assert!(has(node, Table::Body, listed), "its key is there however late the right to it was known");
        is_sound(node);
    }
    assert_eq!(verdicts(&ana), verdicts(&carol));
    // A new key would be a new share: bob takes the shop back when one is due.
    bob.follow(&ana);
    let carols = carol.me.id().to_string();
    ana.work(|work| work.circle_remove(CIRCLE, &carols)).expect("removes");
    bob.follow(&ana);
    bob.work(|work| work.tend_shops());
    ana.follow(&bob);
    for node in [&ana, &bob] {
        assert_eq!(shops(node, space), []);
    }
}
