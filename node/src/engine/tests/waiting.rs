//! What cannot be taken in yet waits: predecessors, times to come, and no more of it than there is room for.

use super::*;

#[test]
fn a_long_log_that_comes_backwards_is_taken_whole() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    let mut log: Vec<Entry> = Vec::new();
    for _ in 0..1_900 {
        let next = crafted(&bob, space, post("again"), log.last(), |_| {});
        log.push(next);
    }
    ana.work(|work| {
        for entry in log.iter().skip(1) {
            assert!(matches!(intake::entry(&mut work.cx(), entry), Taken::Parked(_)));
        }
        assert_eq!(intake::entry(&mut work.cx(), &log[0]), Taken::Kept);
    });
    let id = LogId { space, device: bob.device(), number: 0 };
    assert_eq!(ana.read(|tx| Known(tx).head(&id)).expect("held").seq, 1_899);
    assert_eq!(rows(&ana, Table::Parked), 0);
    let quota = usize::try_from(haat_protocol::norms::Norms::default().posts_per_day).expect("small");
    assert_eq!(rows(&ana, Table::Void), 1_900 - quota, "every receiver counts");
    assert!(has(&ana, Table::Void, log[quota].id()) && !has(&ana, Table::Void, log[quota - 1].id()));
    is_sound(&ana);
}

#[test]
fn nobody_fills_the_disk_with_what_waits() {
    let (mut ana, space) = founded();
    let mallory = Node::new(9);
    let far = crafted(&ana, space, post("far"), None, |header| header.seq = 1 << 40);
    assert!(matches!(take(&mut ana, &far), Taken::Parked(_)));
    assert_eq!(rows(&ana, Table::Parked), 0, "so far beyond its log's end that sync has to bring the rest first");
    let made_up = |n: u64| {
        let mut id = [7; 32];
        id[..8].copy_from_slice(&n.to_be_bytes());
        let header = crafted(&ana, space, post("x"), None, |_| {}).header().clone();
        let header =
            Header { device: mallory.device(), space: SpaceId(id), key: None, seq: 0, prev: None, log: 0, payload_hash: None, ..header };
        Draft { header, body: vec![1] }.sign(&mallory.me.pair, None, &[1; 32]).expect("signs")
    };
    let (first, second) = (made_up(1), made_up(2));
    ana.work(|work| {
        work.tx.save(Table::Meta, b"parked", &(PARKED_MAX - 1));
        intake::entry(&mut work.cx(), &first);
        intake::entry(&mut work.cx(), &second);
    });
    assert_eq!(rows(&ana, Table::Parked), 1);
    ana.work(|work| intake::retry_all(&mut work.cx()));
    assert_eq!(rows(&ana, Table::Parked), 0, "a full store of waiting things is let go");
}

#[test]
fn what_came_from_the_future_is_taken_when_its_time_has_come() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    let later = ana.now.plus(DAY_MS);
    let early = crafted(&bob, space, post("tomorrow"), None, |header| header.at = later);
    assert!(matches!(take(&mut ana, &early), Taken::Parked(_)));
    ana.now = later;
    ana.work(|work| work.tick());
    assert!(has(&ana, Table::Body, early.id()));
    assert_eq!(rows(&ana, Table::Parked), 0);
}
