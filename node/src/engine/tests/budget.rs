//! What comparing and fetching cost, counted in the very bytes that real engines send: an equal circle, and who fetches too much.

use std::collections::VecDeque;

use haat_protocol::limits::HANDED_BYTES;
use haat_protocol::sync::{Effect as Step, Session};
use haat_protocol::wire::SyncResponse;

use super::*;

/// Bytes that a comparison of equal holders may take, for each space that it is about.
const EQUAL_MAX_BYTES: usize = 200;

/// The questions and answers of one whole run, the greeting first, in bytes.
fn compared(asker: &mut Node, answerer: &mut Node) -> Vec<(SyncRequest, usize, usize)> {
    let (mut asking, mut answering) = (Session::new(asker.device(), answerer.device()), Session::new(answerer.device(), asker.device()));
    let mut steps: VecDeque<Step> = asking.begin([3; 16]).into();
    let mut said = Vec::new();
    while let Some(step) = steps.pop_front() {
        match step {
            Step::Ask(turn, request) => {
                let sent = request.to_bytes();
                let mut answer = None;
                for step in answerer.work_less(|held| answering.asked(held, request.clone(), &[7; 32])) {
                    match step {
                        Step::Answer(response) => answer = Some(response.to_bytes()),
                        Step::Accept { circle, items } => answerer.work(|work| work.take_items(circle, items, None)),
                        _ => {}
                    }
                }
                let got = answer.expect("answered");
                said.push((request, sent.len(), got.len()));
                let response = SyncResponse::from_bytes(&got).expect("an answer");
                steps.extend(asker.work_less(|held| asking.answered(held, turn, response)));
            }
            Step::Accept { circle, items } => {
                asker.work(|work| work.take_items(circle, items, None));
                steps.extend(asker.work_less(|held| asking.proceed(held)));
            }
            _ => {}
        }
    }
    said
}

/// Ana and bob in one circle with some talk in it, in step after a comparison each way.
fn in_step(shops: usize) -> (Node, Node) {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    for _ in 0..shops {
        let shop = ana.shop();
        ana.list(shop, Some(3));
        ana.work(|work| work.shop_share(&shop.to_string(), CIRCLE)).expect("shares");
    }
    for text in ["one", "two", "three"] {
        ana.work(|work| work.author(space, &Body::Post(Post { text: text.into(), listings: vec![], reply_to: None }))).expect("says");
    }
    bob.now = ana.now;
    compared(&mut bob, &mut ana);
    compared(&mut ana, &mut bob);
    (ana, bob)
}

/// Bytes of the comparison of two who hold the same.
fn equal_bytes(shops: usize) -> (usize, usize) {
    let (mut ana, mut bob) = in_step(shops);
    let said = compared(&mut bob, &mut ana);
    let [(_, _, _), (SyncRequest::Compare { scopes, .. }, sent, got)] = &said[..] else { panic!("one round trip: {said:?}") };
    assert_eq!(scopes.len(), 3 + shops, "the circle, its shops, people and records are compared at once");
    (*sent, *got)
}

#[test]
fn an_equal_circle_costs_one_round_trip_and_few_bytes() {
    for (shops, spaces) in [(0, 1), (1, 2)] {
        let (sent, got) = equal_bytes(shops);
        println!("equal circle with {shops} shops: question {sent} bytes, answer {got} bytes");
        assert!(sent + got <= spaces * EQUAL_MAX_BYTES, "{sent} and {got} bytes for {spaces} spaces");
    }
}

/// What a node answers to a request on the sync protocol.
fn answer(node: &mut Node, device: DeviceId, request: &SyncRequest) -> SyncResponse {
    let data = request.to_bytes();
    let out = node.work(|work| {
        work.net(NetEvent::Request { id: ResponseId(1), device, channel: Channel::Sync, data });
        work.out.clone()
    });
    let answer = out.into_iter().find_map(|effect| match effect {
        Effect::Net(NetCommand::Respond { data, .. }) => Some(data),
        _ => None,
    });
    SyncResponse::from_bytes(&answer.expect("answered")).expect("an answer")
}

/// A pull of everything, over a greeting of one's own.
fn pull_of_all(from: &mut Node, to: &Node, space: SpaceId) -> SyncRequest {
    let (device, peer) = (to.device(), from.device());
    from.passing.presence.connected.insert(device, "here".into());
    let mut asking = Session::new(device, peer);
    let Some(Step::Ask(turn, greeting)) = asking.begin([3; 16]).pop() else { panic!("it greets") };
    let greeted = answer(from, device, &greeting);
    let compare = to.work_less(|held| asking.answered(held, turn, greeted));
    let [Step::Ask(turn, compare)] = &compare[..] else { panic!("it compares {space}: {compare:?}") };
    let heights = answer(from, device, compare);
    let pulls = to.work_less(|held| asking.answered(held, *turn, heights));
    let pull = pulls.into_iter().find_map(|step| if let Step::Ask(_, pull @ SyncRequest::Pull { .. }) = step { Some(pull) } else { None });
    pull.expect("something is missing")
}

#[test]
fn who_fetches_everything_again_and_again_is_told_to_wait_and_nobody_else() {
    let (mut ana, space) = founded();
    let (mut bob, mut eve) = (node(2), node(3));
    join(&mut ana, &mut bob, space);
    join(&mut ana, &mut eve, space);
    let text = "x".repeat(3_000);
    for _ in 0..40 {
        ana.work(|work| work.author(space, &Body::Post(Post { text: text.clone(), listings: vec![], reply_to: None }))).expect("says");
    }
    (bob.now, eve.now) = (ana.now, ana.now);
    let (bobs, eves) = (pull_of_all(&mut ana, &bob, space), pull_of_all(&mut ana, &eve, space));
    // All but a little of what bob may have at once was fetched before.
    let (share, little) = (usize::try_from(HANDED_BYTES.peer_burst).expect("small"), 2_000_000);
    ana.passing.handed.note(bob.device(), 0, share - little, ana.now);
    let (mut bytes, mut paused) = (0, None);
    for _ in 0..60 {
        match answer(&mut ana, bob.device(), &bobs) {
            SyncResponse::Later { after_ms } => paused = Some(after_ms),
            SyncResponse::Items { items } => bytes += haat_protocol::codec::encode(&items).len(),
            other => panic!("{other:?}"),
        }
        if paused.is_some() {
            break;
        }
    }
    let after_ms = paused.expect("it does not go on for ever");
    assert!(bytes > little / 2 && bytes < little + 262_144, "{bytes} bytes: the share, and at most one answer more");
    assert!(matches!(answer(&mut ana, eve.device(), &eves), SyncResponse::Items { .. }), "another member is not touched");
    ana.now = ana.now.plus(after_ms);
    assert!(matches!(answer(&mut ana, bob.device(), &bobs), SyncResponse::Items { .. }), "as long as it was told");
    // Who is put off comes again by itself, and not at once.
    let device = ana.device();
    let pause = bob.work(|work| {
        work.put_off(device, space, after_ms);
        work.passing.wanted.get(&(device, space)).map(|at| at.since(work.now))
    });
    assert!(pause.is_some_and(|pause| pause >= 5_000), "{pause:?}");
    let whom = bob.me.id().to_string();
    ana.passing.handed.note(bob.device(), 0, share, ana.now);
    ana.work(|work| work.circle_remove(CIRCLE, &whom)).expect("removes");
    let farewell = answer(&mut ana, bob.device(), &bobs);
    assert_eq!(farewell, SyncResponse::Removed { items: vec![] }, "who is out is told so, and does not drain either");
}
