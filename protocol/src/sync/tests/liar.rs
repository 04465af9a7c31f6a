//! Peers who lie, and connections that end anywhere.

use proptest::prelude::*;
use serde_bytes::ByteBuf;

use super::*;
use crate::wire::{Mark, Wants};

#[test]
fn a_run_that_is_cut_anywhere_is_ended_by_the_next() {
    let begin = || (Node::new(&[(1, 20), (2, 40), (3, 5)]), Node::new(&[(1, 420), (2, 3), (3, 300), (4, 2)]));
    let (mut a, mut b) = begin();
    let whole = run(&mut a, &mut b);
    let missing = 400 + 37 + 295 + 2;
    assert_eq!(whole.items, missing);
    for cut in 0..whole.requests * 2 {
        let (mut c, mut d) = begin();
        let before = run_until(&mut c, &mut d, |message| if message == cut { Fate::Cut } else { Fate::Arrives });
        let after = run(&mut c, &mut d);
        assert_eq!((c.heights(), d.heights()), (a.heights(), b.heights()), "cut at message {cut}");
        assert!(after.synced && c.parked.is_empty());
        assert!(before.items + after.items <= missing, "cut at message {cut}: something was fetched twice");
        assert_eq!(run(&mut c, &mut d).requests, 2, "nothing is left to do");
    }
}

/// One way to lie about an answer.
pub(super) fn lie(how: u8, salt: u64, request: &SyncRequest, truth: SyncResponse) -> SyncResponse {
    let bend = |mut all: Vec<Heights>, with: &dyn Fn(&mut Heights)| {
        all.iter_mut().for_each(with);
        SyncResponse::Heights(all)
    };
    match (how, truth) {
        // Far too much of everything, of streams with names that nobody has.
        (0, SyncResponse::Heights(all)) => bend(all, &|heights| {
            heights.named = true;
            let row = |n: u64| [&n.to_be_bytes()[..], &[0xff, 0xff, 0xff, 0x7f], &salt.to_be_bytes()].concat();
            heights.rows = ByteBuf::from((0..300).flat_map(row).collect::<Vec<u8>>());
        }),
        // Damaged, cut short, or bytes of something else.
        (1, SyncResponse::Heights(all)) => bend(all, &|heights| {
            let length = heights.rows.len();
            heights.rows.truncate(length.saturating_sub(usize::try_from(salt % 9).unwrap()));
        }),
        (2, SyncResponse::Heights(all)) => bend(all, &|heights| {
            let at = usize::try_from(salt).unwrap_or(0) % heights.rows.len().max(1);
            heights.rows.iter_mut().skip(at).for_each(|byte| *byte = byte.wrapping_add(1));
        }),
        // Other names than those that are counted in.
        (3, SyncResponse::Heights(all)) => bend(all, &|heights| heights.names = Mark(salt.to_be_bytes())),
        (3 | 4, SyncResponse::Items { .. }) => SyncResponse::Stale {},
        // The same again and again, and scopes that nobody asked for.
        (4, SyncResponse::Heights(all)) => SyncResponse::Heights(all.iter().cycle().take(all.len() * 5).cloned().collect()),
        // Nothing of what was promised, the wrong things, or in the wrong order.
        (5, SyncResponse::Items { .. }) => SyncResponse::Items { items: vec![] },
        (6, SyncResponse::Items { .. }) => {
            SyncResponse::Items { items: (500..700).map(|seq| Item::Entry(entry(9, seq).raw().clone())).collect() }
        }
        (7, SyncResponse::Items { mut items }) => {
            items.reverse();
            items.truncate(1 + usize::try_from(salt % 40).unwrap());
            SyncResponse::Items { items }
        }
        (8, _) if !matches!(request, SyncRequest::Greet { .. }) => SyncResponse::Greeting { nonce: [5; 16], tags: vec![] },
        (9, _) if !matches!(request, SyncRequest::Greet { .. }) => SyncResponse::Stored {},
        (_, truth) => truth,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn liars_are_answered_within_bounds_and_keep_nobody_apart(lies in proptest::collection::vec((0u8..10, any::<u64>()), 1..4)) {
        let mut a = Node::new(&[(1, 30), (2, 4)]);
        let mut c = Node::new(&[(1, 4), (2, 50), (3, 8)]);
        for (how, salt) in &lies {
            let mut liar = Node::new(&[(1, 90), (2, 2), (4, 60)]);
            for node in [&mut a, &mut c] {
                let before = node.held();
                let took = drive(node, &mut liar, |_| Fate::Arrives, |request, truth| lie(*how, *salt, request, truth));
                // Who hands over one entry at a time gets one wave of questions for each.
                let paid = (node.held() - before) * SYNC_PULLS_MAX as usize;
                prop_assert!(took.requests <= 80 + paid, "{} requests to a liar, lie {how}", took.requests);
            }
        }
        run(&mut a, &mut c);
        run(&mut c, &mut a);
        prop_assert_eq!(a.heights(), c.heights());
        prop_assert_eq!((run(&mut a, &mut c).requests, run(&mut c, &mut a).requests), (2, 2), "two honest ones do not loop");
    }

    #[test]
    fn whatever_is_asked_is_answered_within_bounds(rows in proptest::collection::vec(any::<u8>(), 0..4_000), newest in any::<bool>()) {
        let (a, mut b) = (Node::new(&[(1, 2)]), Node::new(&[(1, 900), (2, 3)]));
        let (_, mut answering, _) = greeted(&a, &mut b);
        let tag = tag(&[9; 32], &joint_of(&answering), Side::Asker);
        let names = names(&b.streams(&CIRCLE, &Scope::Circle), &joint_of(&answering));
        let wants = vec![Wants { scope: Scope::Circle, names, rows: ByteBuf::from(rows) }; 3];
        let response = answer(&mut answering, &mut b, SyncRequest::Pull { tag, newest, wants });
        let SyncResponse::Items { items } = &response else { panic!("{response:?}") };
        prop_assert!(response.to_bytes().len() <= crate::limits::RESPONSE_MAX_BYTES, "{} items", items.len());
    }
}

fn joint_of(session: &Session) -> [u8; 32] {
    session.answering.unwrap()
}
