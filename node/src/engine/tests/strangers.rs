//! What strangers ask: each gets one answer, nothing is left behind, and only what is no request is held against them.

use super::*;

fn bad_inputs(stranger: &Node) -> Vec<(Channel, Vec<u8>)> {
    let tag = Tag([3; 16]);
    let greet = SyncRequest::Greet { nonce: [1; 16] }.to_bytes();
    let chain = stranger.me.identity.chain().clone();
    let push = SyncRequest::Push { tag, items: vec![Item::Identity(chain.clone())] }.to_bytes();
    let pull = SyncRequest::Pull { tag, newest: true, wants: vec![] }.to_bytes();
    let compare = SyncRequest::Compare { tag, scopes: vec![] }.to_bytes();
    let order = |events| OrderMessage {
        order: haat_protocol::id::OrderId([1; 32]),
        events,
        receipts: vec![],
        enclosed: vec![],
        chain: Some(chain.clone()),
    };
    let junk = DirectRequest::Order(order(vec![ByteBuf::from(vec![0xff; 64])])).to_bytes();
    let large = DirectRequest::Order(order(vec![ByteBuf::from(vec![0; 70_000])])).to_bytes();
    let heads = DirectRequest::OrderHeads { heads: vec![] }.to_bytes();
    let mut inputs = Vec::new();
    for channel in [Channel::Sync, Channel::Direct] {
        let mut all =
            vec![vec![], vec![0xff], vec![0; 9], vec![0x9f, 0xff], vec![0x81; 100_000], vec![0xa1; 140_000], b"GET / HTTP/1.1".to_vec()];
        all.push(greet[..greet.len() - 1].to_vec());
        all.push([greet.as_slice(), &[0]].concat());
        all.push(vec![0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        all.push(vec![0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        all.extend([push.clone(), pull.clone(), compare.clone(), junk.clone(), large.clone(), heads.clone()]);
        all.push(DirectRequest::Order(order(vec![])).to_bytes());
        inputs.extend(all.into_iter().map(|data| (channel, data)));
    }
    inputs
}

#[test]
fn what_strangers_ask_is_answered_and_leaves_nothing_behind() {
    let (mut ana, _) = founded();
    let stranger = Node::new(9);
    let before = ana.everything();
    let device: DeviceId = stranger.device();
    for (channel, data) in bad_inputs(&stranger) {
        let out = ana.work(|work| {
            work.net(NetEvent::Request { id: ResponseId(1), device, channel, data });
            work.out.clone()
        });
        let answers = out.iter().filter(|effect| matches!(effect, Effect::Net(NetCommand::Respond { .. }))).count();
        let held_against = out.iter().filter(|effect| matches!(effect, Effect::Net(NetCommand::Misbehaved { .. }))).count();
        assert_eq!((answers, out.len()), (1, 1 + held_against), "each gets an answer, also an empty one");
        assert_eq!(ana.everything(), before);
    }
    assert!(ana.passing.sessions.is_empty() && ana.passing.requests.is_empty());
}

#[test]
fn only_what_is_no_request_is_held_against_the_asker() {
    let (mut ana, _) = founded();
    let device: DeviceId = Node::new(9).device();
    for channel in [Channel::Sync, Channel::Direct] {
        for (data, is_offence) in [(&b"\xa1\x64poll\x01"[..], false), (b"\xff", true), (b"\xa1\x64push\x01\x00", true)] {
            let out = ana.work(|work| {
                work.net(NetEvent::Request { id: ResponseId(1), device, channel, data: data.to_vec() });
                work.out.clone()
            });
            let held = out.iter().any(|effect| matches!(effect, Effect::Net(NetCommand::Misbehaved { .. })));
            assert_eq!(held, is_offence, "{channel:?} {data:x?}");
        }
    }
}

#[test]
fn an_invite_of_somebody_blocked_lets_nobody_in_here() {
    let (mut ana, space) = founded();
    let (mut bob, dan) = (node(2), node(4));
    join(&mut ana, &mut bob, space);
    let asked = asks(&mut bob, &dan);
    meet(&mut ana, &bob);
    let answer = |ana: &mut Node| ana.work(|work| work.join_request(dan.device(), asked.clone()));
    let whom = bob.me.id().to_string();
    ana.work(|work| work.block(&whom, true)).expect("blocks");
    assert!(matches!(answer(&mut ana), DirectResponse::Declined { code, .. } if code == "not-now"), "as if nobody were there");
    ana.work(|work| work.block(&whom, false)).expect("unblocks");
    assert!(matches!(answer(&mut ana), DirectResponse::Welcome { .. }));
}
